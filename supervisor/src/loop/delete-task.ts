import { closeEntries } from "#queue/queue-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { removeTask } from "./remove-task.ts";
import { requestStop, taskInHand } from "./task-in-hand.ts";

/** Deletes a task, at once when nothing of it lives, else when its processes are proven dead. Wins over every other stop. */
export function deleteTask(deps: LoopDeps, id: string): { deleted: boolean } {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    if (findTask(db, id)?.stopping === "deleting") return { deleted: false };
    const { task, live } = taskInHand(context, id);
    if (live === undefined) {
      removeTask(context, task);
      return { deleted: true };
    }
    closeEntries(db, id, context.now);
    requestStop(context, task, live, "deleting");
    return { deleted: false };
  });
}
