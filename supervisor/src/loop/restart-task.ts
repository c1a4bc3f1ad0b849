import { Problem } from "#errors/problem.ts";
import { USER } from "#tasks/comment.ts";
import { type Task, taskKey } from "#tasks/task.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { startOver } from "./leave-progress.ts";
import { refuseWhileStopping, requestStop, taskInHand } from "./task-in-hand.ts";

/** Gives up the task's present run, if any, and starts again at the first agent. Comments and files stay. */
export function restartTask(deps: LoopDeps, id: string): Task {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    const hand = taskInHand(context, id);
    if (hand.task.stopping === "restarting") return hand.task;
    refuseWhileStopping(hand);
    if (hand.task.status === "done" || hand.task.hold !== "none") {
      const why = hand.task.status === "done" ? "done" : "held";
      throw new Problem(
        "wrong_state",
        `task_${why}`,
        `${taskKey(hand.task)} is ${why} and was not restarted.`,
        why === "done" ? "Move it to todo; that queues it from the first agent." : "Take the hold away first.",
      );
    }
    if (hand.live !== undefined) return requestStop(context, hand.task, hand.live, "restarting");
    return startOver(context, hand.task, hand.run, USER);
  });
}
