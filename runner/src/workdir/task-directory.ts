import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDiskFull, StartFailure, wordsOf } from "#errors/start-failure.ts";

export type DirectoryOrder = { mode: "temp" } | { mode: "static"; path: string };

/** Where the agent works. A task's own folder is made at first use and kept; a given one must be there, and is never made. */
export function taskDirectory(dataDir: string, taskId: string, order: DirectoryOrder): string {
  if (order.mode === "static") return givenDirectory(order.path);
  const path = join(dataDir, "tasks", taskId);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const fault = isDiskFull(error) ? "disk_full" : "spawn_failed";
    throw new StartFailure(fault, `The task's folder ${path} could not be made: ${wordsOf(error)}. Nothing was started.`);
  }
  return path;
}

function givenDirectory(path: string): string {
  if (!path.startsWith("/")) {
    throw new StartFailure(
      "directory_missing",
      `The workspace's directory "${path}" is no absolute path. Nothing was started; correct the workspace.`,
    );
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return path;
  const what = stat === undefined ? "is not there" : "is not a directory";
  throw new StartFailure(
    "directory_missing",
    `The workspace's directory ${path} ${what}. Nothing was started; make it again or choose another.`,
  );
}
