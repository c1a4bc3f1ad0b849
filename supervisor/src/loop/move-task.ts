import { Problem } from "#errors/problem.ts";
import { USER } from "#tasks/comment.ts";
import { type Resolution, type Task, type TaskStatus, taskKey } from "#tasks/task.ts";
import { transition } from "#tasks/transition.ts";
import { contextOf, type LoopContext, type LoopDeps } from "./deps.ts";
import { endRun, toReview } from "./leave-progress.ts";
import { hearEverything, refuseWhileStopping, requestStop, type TaskInHand, taskInHand } from "./task-in-hand.ts";

/** Changes the status as a person may. Moving a running task to review stops what runs first, like a cancel. */
export function moveTask(deps: LoopDeps, id: string, status: TaskStatus, resolution: Resolution = "completed"): Task {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    const hand = taskInHand(context, id);
    if (hand.task.status === status && hand.task.stopping === "none") return hand.task;
    refuseWhileStopping(hand);
    switch (status) {
      case "in_progress":
        throw new Problem(
          "wrong_state",
          "only_agents_progress",
          `${taskKey(hand.task)} gets in progress when an agent takes it up, not by hand; nothing was changed.`,
          "Move it to todo to queue it; prioritise it to let it go first.",
        );
      case "in_review":
        return intoReview(context, hand);
      case "todo":
        if (hand.task.status === "in_progress") throw inProgress(hand.task);
        return transition({ ...context, actor: USER }, hand.task, { status: "todo", reason: "moved" });
      case "done":
        if (hand.task.status === "in_progress") throw inProgress(hand.task);
        // A demoted task may have a run that waits for its retry.
        if (hand.run !== undefined && hand.task.status === "todo") endRun(context, hand.run, "moved");
        return transition({ ...context, actor: USER }, hand.task, { status: "done", resolution });
    }
  });
}

function intoReview(context: LoopContext, hand: TaskInHand): Task {
  const task = hearEverything(context, hand.task);
  if (hand.live !== undefined) return requestStop(context, task, hand.live, "moving", task.heardSeq);
  return toReview(context, { task, run: hand.run, outcome: "moved", seenSeq: task.heardSeq, actor: USER }, {});
}

function inProgress(task: Task): Problem {
  return new Problem(
    "wrong_state",
    "task_in_progress",
    `${taskKey(task)} is in progress; nothing was changed.`,
    "Cancel it or move it to review first.",
  );
}
