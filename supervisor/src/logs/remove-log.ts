import { rm } from "node:fs/promises";
import type { Logs } from "./logs.ts";

/** Removes the log of an execution that is gone. Repeatable. */
export async function removeLog({ files, hub }: Pick<Logs, "files" | "hub">, executionId: string): Promise<void> {
  files.close(executionId);
  await rm(files.path(executionId), { force: true });
  hub.wake(executionId);
}
