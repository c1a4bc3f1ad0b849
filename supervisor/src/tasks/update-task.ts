import { notFound, Problem, refuseViolations } from "#errors/problem.ts";
import { refuseOldVersion } from "#errors/refuse-old-version.ts";
import { closeEntries, reorderWaiting } from "#queue/queue-table.ts";
import type { Deps } from "#store/deps.ts";
import { appendActivity } from "./activity-table.ts";
import { USER } from "./comment.ts";
import { findTask } from "./task-table.ts";
import { type Hold, PRIORITIES, type Priority, type Task, taskViolations } from "./task.ts";
import { queueTask, saveTask, taskChanged } from "./transition.ts";

export interface TaskChanges {
  summary?: string;
  description?: string;
  kind?: string;
  priority?: Priority;
  hold?: Hold;
}

/**
 * Changes what a task says or how it waits. A new summary or description is something agents have to see: it guarantees a
 * further pass while the task is in progress.
 */
export function updateTask({ store, now: clock, newId }: Deps, id: string, changes: TaskChanges, expectedVersion?: number): Task {
  refuseViolations(taskViolations(changes));
  return store.transact((db) => {
    const now = clock();
    const task = findTask(db, id);
    if (task === undefined || task.stopping === "deleting") throw notFound("task", id);
    refuseOldVersion(task.version, expectedVersion);
    const changed = Object.entries(changes).filter(([field, value]) => value !== undefined && task[field as keyof TaskChanges] !== value);
    if (changed.length === 0) return task;
    let next: Task = { ...task, ...changes, updatedAt: now };
    if (changed.some(([field]) => field === "summary" || field === "description" || field === "kind")) {
      next.saidSeq = taskChanged(db, task, now);
    }
    if (next.hold !== "none" && task.hold === "none") refuseHold(task);
    next = saveTask(db, next, now);
    appendActivity(db, id, "task_updated", USER, { fields: changed.map(([field]) => field).join(", ") }, now);
    if (next.hold !== task.hold) {
      appendActivity(db, id, "held", USER, { hold: next.hold }, now);
      if (next.hold !== "none") closeEntries(db, id, now);
      else if (next.status === "todo") queueTask({ db, now, newId }, next, "manual", now);
    }
    reorderWaiting(db, id, next.pinned, PRIORITIES.indexOf(next.priority) + 1);
    return next;
  });
}

function refuseHold(task: Task): void {
  if (task.status === "todo") return;
  throw new Problem(
    "wrong_state",
    "task_not_todo",
    "Only a task that is to do can be held; nothing was changed.",
    "Cancel the task first, move it to todo, then hold it.",
  );
}
