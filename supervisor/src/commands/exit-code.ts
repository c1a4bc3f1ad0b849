import { Problem } from "#errors/problem.ts";

/** Exit codes that scripts and service managers can rely on; 65 and above are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  notRunning: 3,
  damaged: 65,
  storageFailed: 74,
  alreadyRunning: 75,
  badConfiguration: 78,
  interrupted: 130,
} as const;

const OF_REASON: Readonly<Record<string, number>> = {
  database_damaged: EXIT.damaged,
  storage_failed: EXIT.storageFailed,
  already_running: EXIT.alreadyRunning,
  bad_configuration: EXIT.badConfiguration,
  data_directory_unusable: EXIT.badConfiguration,
  runtime_folder_not_ours: EXIT.badConfiguration,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof Problem ? (OF_REASON[error.reason] ?? EXIT.failed) : EXIT.failed;
}

/** What a person is told: a problem's own words, a bug with its whole stack. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return `${error.message}\n${error.nextStep}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
