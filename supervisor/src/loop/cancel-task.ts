import { Problem } from "#errors/problem.ts";
import { type Task, taskKey, words } from "#tasks/task.ts";
import { saveTask } from "#tasks/transition.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { cancelInto } from "./end-execution.ts";
import { hearEverything, refuseWhileStopping, requestStop, taskInHand } from "./task-in-hand.ts";

/**
 * Stops the task's run and puts it in review, at once when nothing runs, else when the processes are proven dead.
 * Everything said so far counts as seen: only something said after this starts work again.
 */
export function cancelTask(deps: LoopDeps, id: string): Task {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    const hand = taskInHand(context, id);
    // Cancelled again after something was said meanwhile: that is counted as seen as well.
    if (hand.task.stopping === "cancelling") return saveTask(db, hearEverything(context, hand.task), context.now);
    refuseWhileStopping(hand);
    if (hand.task.status !== "in_progress") {
      throw new Problem(
        "wrong_state",
        `task_${hand.task.status}`,
        `${taskKey(hand.task)} is ${words(hand.task.status)}, so there is nothing to cancel; nothing was changed.`,
        hand.task.status === "todo"
          ? "Hold it or move it to done to keep the agents away from it."
          : "It stays as it is until you comment or move it.",
      );
    }
    const task = hearEverything(context, hand.task);
    if (hand.live !== undefined) return requestStop(context, task, hand.live, "cancelling", task.heardSeq);
    return cancelInto(context, task, hand.run);
  });
}
