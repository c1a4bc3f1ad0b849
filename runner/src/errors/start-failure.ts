/** Why a CLI could not be started. The words go to people; the fault decides what the supervisor does about it. */
export type StartFault = "cli_missing" | "directory_missing" | "spawn_failed" | "disk_full";

export class StartFailure extends Error {
  readonly fault: StartFault;

  constructor(fault: StartFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** The code of an error of the operating system, e.g. ENOENT; empty for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

export function isDiskFull(error: unknown): boolean {
  if (error instanceof StartFailure) return error.fault === "disk_full";
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
