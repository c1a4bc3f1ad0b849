import { appendEvent } from "#events/event-table.ts";
import { closeEntries, enqueue, leaseEntry } from "#queue/queue-table.ts";
import type { QueueReason } from "#queue/queue-entry.ts";
import type { Db } from "#store/open-db.ts";
import { moveCount, touchWorkspace } from "#workspaces/workspace-table.ts";
import { appendActivity } from "./activity-table.ts";
import type { Actor } from "./comment.ts";
import { updateTaskRow } from "./task-table.ts";
import { changeStatus, PRIORITIES, type StatusChange, type Task } from "./task.ts";

/** The transaction a status change belongs to, and who makes it. */
export interface Transition {
  db: Db;
  now: number;
  newId: () => string;
  actor: Actor;
}

type Change =
  | (StatusChange & { status: "todo"; reason: QueueReason | null })
  | (StatusChange & { status: "in_progress"; entryId: string })
  | (StatusChange & { status: "in_review" | "done" });

/**
 * The one way a task's status changes: row, board counter, queue effect, activity and event together.
 * To todo with a reason queues the task (unless it is held), without one leaves the queue as it is (a demotion keeps its entry).
 */
export function transition({ db, now, newId, actor }: Transition, task: Task, change: Change): Task {
  const next = changeStatus(task, change, now);
  updateTaskRow(db, next);
  moveCount(db, task.workspaceId, task.status, next.status);
  if (change.status === "in_progress") leaseEntry(db, change.entryId, now);
  else if (change.status !== "todo") closeEntries(db, task.id, now);
  else if (change.reason !== null) queueTask({ db, now, newId }, next, change.reason, now);
  const detail: Record<string, string> = { from: task.status, to: next.status };
  if (next.attention !== "none") detail["attention"] = next.attention;
  if (next.attentionDetail !== "") detail["detail"] = next.attentionDetail;
  if (next.resolution !== "none") detail["resolution"] = next.resolution;
  appendActivity(db, task.id, "status_changed", actor, detail, now);
  touchWorkspace(db, task.workspaceId, now);
  taskChanged(db, next, now);
  return next;
}

/** Saves what is not the status. */
export function saveTask(db: Db, task: Task, now: number): Task {
  const next = { ...task, version: task.version + 1 };
  updateTaskRow(db, next);
  taskChanged(db, next, now);
  return next;
}

/** @returns the event's sequence number */
export function taskChanged(db: Db, task: Task, now: number): number {
  return appendEvent(db, { type: "task_changed", workspaceId: task.workspaceId, taskId: task.id }, now);
}

/** Gives a task that is not held a reason to be worked on. */
export function queueTask(
  { db, now, newId }: Pick<Transition, "db" | "now" | "newId">,
  task: Task,
  reason: QueueReason,
  readyAt: number,
): void {
  if (task.hold !== "none") return;
  const { id, workspaceId, pinned } = task;
  enqueue(db, { id: newId(), taskId: id, workspaceId, reason, readyAt, pinned, priority: PRIORITIES.indexOf(task.priority) + 1 }, now);
}
