import { findExecution, saveExecution } from "#executions/execution-table.ts";
import { become, type Containment } from "#executions/execution.ts";
import type { Deps } from "#store/deps.ts";

/** A short execution has its start and its end in one commit; on a screen nobody sees the difference. Milliseconds. */
const PATIENCE = 30;

/** The CLI's process exists. Remembers its identity, so that it can be found again whatever happens to its runner. */
export function markStarted(
  { store, now: clock }: Pick<Deps, "store" | "now">,
  started: { executionId: string; fence: number; pid: number; pidStartTicks: number; startedAt: number; containment?: Containment | null },
): void {
  store.transact((db) => {
    const execution = findExecution(db, started.executionId);
    if (execution === undefined || execution.fence !== started.fence || execution.state === "ended") return;
    const { pid, pidStartTicks, startedAt } = started;
    // A stop that came first stays.
    const running = execution.state === "leased" ? become(execution, "running") : execution;
    const containment = started.containment ?? execution.containment;
    saveExecution(db, { ...running, pid, pidStartTicks, startedAt, containment }, clock());
  }, PATIENCE);
}
