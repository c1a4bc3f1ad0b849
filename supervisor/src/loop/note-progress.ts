import { findExecution, saveExecution } from "#executions/execution-table.ts";
import type { Deps } from "#store/deps.ts";

/** Nobody waits for it. Milliseconds. */
const PATIENCE = 100;

/** A heartbeat. Writes only when the execution fell silent or spoke again. @returns stale when it is no longer the runner's */
export function noteProgress(
  { store, now: clock }: Pick<Deps, "store" | "now">,
  progress: { executionId: string; fence: number; silent: boolean },
): "ok" | "stale" {
  const execution = findExecution(store.reader, progress.executionId);
  if (execution === undefined || execution.state === "ended" || execution.fence !== progress.fence) return "stale";
  if (execution.silent === progress.silent) return "ok";
  store.transact((db) => {
    const present = findExecution(db, progress.executionId);
    if (present !== undefined && present.state !== "ended") saveExecution(db, { ...present, silent: progress.silent }, clock());
  }, PATIENCE);
  return "ok";
}
