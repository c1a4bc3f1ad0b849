import { liveExecution } from "#executions/execution-table.ts";
import type { ReapTarget } from "#loop/lose-runner.ts";
import type { Db } from "#store/open-db.ts";

/** What a runner that now carries these workspaces has to prove dead before anything else may start there. */
export function reapTargets(db: Db, workspaceIds: readonly string[]): ReapTarget[] {
  return workspaceIds.flatMap((workspaceId) => {
    const execution = liveExecution(db, workspaceId);
    if (execution?.state !== "reaping") return [];
    return [{ executionId: execution.id, pid: execution.pid, pidStartTicks: execution.pidStartTicks }];
  });
}
