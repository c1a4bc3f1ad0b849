import { appendEvent } from "#events/event-table.ts";
import { statement } from "#store/statement.ts";
import { deleteTaskRow } from "#tasks/task-table.ts";
import type { Task } from "#tasks/task.ts";
import { moveCount, touchWorkspace } from "#workspaces/workspace-table.ts";
import type { LoopContext } from "./deps.ts";

/** Deletes a task of which nothing lives any more. Its folders and logs are noted for the sweep, since files cannot be part of a transaction. */
export function removeTask({ db, now }: LoopContext, task: Task): void {
  noteRemovals(db, "task_id", task.id, now);
  deleteTaskRow(db, task.id);
  moveCount(db, task.workspaceId, task.status, null);
  touchWorkspace(db, task.workspaceId, now);
  appendEvent(db, { type: "task_deleted", workspaceId: task.workspaceId, taskId: task.id }, now);
}

/** Notes the files of everything below a task or a workspace. */
export function noteRemovals(db: LoopContext["db"], owner: "task_id" | "workspace_id", id: string, now: number): void {
  const task = owner === "task_id" ? "id" : "workspace_id";
  statement(db, `INSERT OR IGNORE INTO removals (kind, id, created_at) SELECT 'execution', id, ? FROM executions WHERE ${owner} = ?`).run(
    now,
    id,
  );
  statement(db, `INSERT OR IGNORE INTO removals (kind, id, created_at) SELECT 'task', id, ? FROM tasks WHERE ${task} = ?`).run(now, id);
}
