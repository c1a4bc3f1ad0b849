import { findExecution } from "#executions/execution-table.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { endExecution } from "./end-execution.ts";

/** Nothing of a lost execution lives any more: the step is tried again, blameless. */
export function confirmDead(deps: LoopDeps, executionId: string): void {
  deps.store.transact((db) => {
    const execution = findExecution(db, executionId);
    if (execution === undefined || execution.state !== "reaping") return;
    const detail = "The runner that carried it ended unexpectedly; its processes are proven dead.";
    endExecution(contextOf(deps, db), execution, { outcome: "runner_lost", detail, actions: [], until: null });
  });
}
