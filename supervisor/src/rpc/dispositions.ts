import { DispositionVerdict } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { findExecution } from "#executions/execution-table.ts";
import type { Db } from "#store/open-db.ts";
import { mayDeliver } from "./may-deliver.ts";

export interface Held {
  executionId: string;
  fence: number;
  finished: boolean;
}

/**
 * What becomes of the executions that a runner holds when it connects. Kept is also what has ended here long ago: a finished one
 * is delivered and settled as such, a running one is told at once that it is stale, so that it is killed and what it did is kept
 * as evidence. Dropped is only what nobody knows any more, and what this runner neither had nor took over from one that is gone.
 */
export function dispositions(
  db: Db,
  runnerId: string,
  held: readonly Held[],
): { keepOrDrop: { executionId: string; verdict: DispositionVerdict }[]; stale: string[] } {
  const stale: string[] = [];
  const keepOrDrop = held.map(({ executionId, fence, finished }) => {
    const execution = findExecution(db, executionId);
    const known = execution !== undefined && execution.fence === fence && mayDeliver(db, runnerId, execution);
    if (!known) return { executionId, verdict: DispositionVerdict.DROP };
    if (execution.state === "ended" && !finished) stale.push(executionId);
    return { executionId, verdict: DispositionVerdict.KEEP };
  });
  return { keepOrDrop, stale };
}
