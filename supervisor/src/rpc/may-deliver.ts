import type { Execution } from "#executions/execution.ts";
import type { Db } from "#store/open-db.ts";
import { findRunner } from "#runners/runner-table.ts";

/**
 * Whether this runner may hand over how the execution ended: the one that carried it out, and, when that one is gone, the one
 * that was told to prove its processes dead and found its finished result on the disk.
 */
export function mayDeliver(db: Db, runnerId: string, execution: Execution): boolean {
  if (execution.runnerId === runnerId) return true;
  return execution.state === "reaping" && (findRunner(db, runnerId)?.workspaceIds.includes(execution.workspaceId) ?? false);
}
