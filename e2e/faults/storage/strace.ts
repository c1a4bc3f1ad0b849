// Failing disks and deaths in the middle of a write, by letting strace change what system calls of a running process do.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { eventually } from "#eventually.ts";
import type { FaultContext } from "../fault.ts";

export interface Tracing {
  /** Lines of the system calls that were seen on the files, with the names of the calls. */
  calls(): string[];
  /** Lets the process go, if it lives. */
  detach(): Promise<void>;
}

/** Takes hold of a running process and all its threads; what it starts is let go. Settles when nothing can be missed any more. */
export async function trace(
  context: FaultContext,
  pid: number,
  { calls, files, inject }: { calls: string; files: readonly string[]; inject?: string },
): Promise<Tracing> {
  const output = `${context.folder}/strace-${pid}-${Date.now()}`;
  const paths = files.flatMap((file) => ["-P", file]);
  const injecting = inject === undefined ? [] : ["-e", `inject=${inject}`];
  const args = ["-f", "--detach-on=execve", "-e", `trace=${calls}`, ...paths, ...injecting, "-o", output, "-p", String(pid)];
  const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  strace.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => strace.once("close", () => resolve()));
  strace.once("error", (error) => (said += String(error)));
  await eventually("strace holds the process", () => said.includes("attached") || strace.exitCode !== null, { instead: () => said });
  if (strace.exitCode !== null) {
    if (/not permitted/.test(said)) context.skip(`strace may not look into processes here: ${said.trim()}`);
    throw new Error(`strace ended: ${said}`);
  }
  return {
    calls: () =>
      readFileSync(output, "utf8")
        .split("\n")
        .filter((line) => /^\d+ +\w+\(/.test(line)),
    async detach() {
      strace.kill("SIGINT");
      // It may wait for ever for a thread that died while it let go; when it is killed, the kernel lets go.
      const insist = setTimeout(() => strace.kill("SIGKILL"), 300);
      await ended;
      clearTimeout(insist);
    },
  };
}

/** The files of a database that SQLite writes. */
export function databaseFiles(dataDir: string): string[] {
  return ["", "-wal", "-shm"].map((end) => `${dataDir}/malamar.sqlite${end}`);
}

/** What SQLite's own check says about the database of a supervisor that does not run; a copy is looked at, and the log of writes with it. */
export function quickCheck(context: FaultContext, dataDir: string): string {
  const copy = `${context.folder}/check.sqlite`;
  for (const end of ["", "-wal", "-shm"]) spawnSync("rm", ["-f", `${copy}${end}`]);
  for (const end of ["", "-wal"]) spawnSync("cp", [`${dataDir}/malamar.sqlite${end}`, `${copy}${end}`]);
  const db = new DatabaseSync(copy);
  try {
    return (db.prepare("PRAGMA quick_check").all() as { quick_check: string }[]).map((row) => row.quick_check).join("\n");
  } finally {
    db.close();
  }
}
