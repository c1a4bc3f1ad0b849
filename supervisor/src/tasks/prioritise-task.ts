import { notFound, Problem } from "#errors/problem.ts";
import { reorderWaiting } from "#queue/queue-table.ts";
import type { Deps } from "#store/deps.ts";
import { appendActivity } from "./activity-table.ts";
import { USER } from "./comment.ts";
import { findTask, pinnedTaskId } from "./task-table.ts";
import { PRIORITIES, type Task } from "./task.ts";
import { saveTask } from "./transition.ts";

/** Pins the task as the one that goes first in its workspace, taking the pin from another; or takes its pin away. Interrupts nothing. */
export function prioritiseTask({ store, now: clock }: Pick<Deps, "store" | "now">, id: string, pinned: boolean): Task {
  return store.transact((db) => {
    const now = clock();
    const task = findTask(db, id);
    if (task === undefined || task.stopping === "deleting") throw notFound("task", id);
    if (task.pinned === pinned) return task;
    if (pinned && task.status !== "todo" && task.status !== "in_progress") {
      throw new Problem(
        "wrong_state",
        `task_${task.status}`,
        "Only a task that is to do or in progress can go first; nothing was changed.",
        "Move it to todo first.",
      );
    }
    const pin = (subject: Task, value: boolean) => {
      const next = saveTask(db, { ...subject, pinned: value }, now);
      reorderWaiting(db, next.id, value, PRIORITIES.indexOf(next.priority) + 1);
      appendActivity(db, next.id, "prioritised", USER, { pinned: String(value) }, now);
      return next;
    };
    const other = pinned ? pinnedTaskId(db, task.workspaceId) : undefined;
    const before = other === undefined ? undefined : findTask(db, other);
    if (before !== undefined) pin(before, false);
    return pin(task, pinned);
  });
}
