import { notFound } from "#errors/problem.ts";
import { appendEvent } from "#events/event-table.ts";
import { liveExecution } from "#executions/execution-table.ts";
import { must } from "#errors/must.ts";
import { findTask } from "#tasks/task-table.ts";
import { findWorkspace, markDeleting } from "#workspaces/workspace-table.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { removeWorkspace } from "./remove-workspace.ts";
import { requestStop } from "./task-in-hand.ts";

/** Deletes a workspace with everything in it, at once when nothing lives in it, else when its processes are proven dead. */
export function stopWorkspace(deps: LoopDeps, workspaceId: string): { deleted: boolean } {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    const workspace = findWorkspace(db, workspaceId);
    if (workspace === undefined) throw notFound("workspace", workspaceId);
    const live = liveExecution(db, workspaceId);
    if (live === undefined) {
      removeWorkspace(context, workspaceId);
      return { deleted: true };
    }
    if (workspace.deleting) return { deleted: false };
    markDeleting(db, workspaceId, context.now);
    appendEvent(db, { type: "workspace_changed", workspaceId }, context.now);
    requestStop(context, must(findTask(db, live.taskId), "A live execution's task is gone."), live, "deleting");
    return { deleted: false };
  });
}
