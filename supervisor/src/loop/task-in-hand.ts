import { notFound, Problem } from "#errors/problem.ts";
import { liveExecutionOfTask, saveExecution } from "#executions/execution-table.ts";
import { become, type Execution, firstReason, type StopReason } from "#executions/execution.ts";
import { appendActivity } from "#tasks/activity-table.ts";
import { USER } from "#tasks/comment.ts";
import { findTask } from "#tasks/task-table.ts";
import { type Stopping, type Task, taskKey } from "#tasks/task.ts";
import { saveTask } from "#tasks/transition.ts";
import type { LoopContext } from "./deps.ts";
import { everythingSaid } from "./leave-progress.ts";
import { openRun } from "./run-table.ts";
import type { Run } from "./run.ts";

export interface TaskInHand {
  task: Task;
  /** Not ended. */
  run: Run | undefined;
  live: Execution | undefined;
}

/** The task a person acts on, with what is under way for it; one that is being deleted is gone already. */
export function taskInHand({ db }: LoopContext, id: string): TaskInHand {
  const task = findTask(db, id);
  if (task === undefined || task.stopping === "deleting") throw notFound("task", id);
  return { task, run: openRun(db, id), live: liveExecutionOfTask(db, id) };
}

/** One stop at a time: what a person asked for is being carried out already. */
export function refuseWhileStopping({ task }: TaskInHand): void {
  if (task.stopping === "none") return;
  throw new Problem(
    "wrong_state",
    `task_${task.stopping}`,
    `${taskKey(task)} is ${task.stopping}: its processes are being stopped. Nothing else was changed.`,
    "Wait a few seconds until that is done, then try again.",
  );
}

const REASON: Record<Exclude<Stopping, "none">, StopReason> = {
  cancelling: "cancelled",
  moving: "moved",
  restarting: "restarted",
  deleting: "deleted",
};

/** Stores what a person wants; it is carried out when the execution's processes are proven dead. */
export function requestStop(
  { db, now }: LoopContext,
  task: Task,
  live: Execution,
  stopping: Exclude<Stopping, "none">,
  heardSeq = task.heardSeq,
): Task {
  const stopped = live.state === "reaping" ? live : become(live, "stopping");
  saveExecution(db, { ...stopped, stopReason: firstReason(live.stopReason, REASON[stopping]) }, now);
  appendActivity(db, task.id, "stop_requested", USER, { reason: stopping, execution: live.id }, now);
  return saveTask(db, { ...task, stopping, heardSeq, updatedAt: now }, now);
}

/** Counts everything said so far as seen. */
export function hearEverything(context: LoopContext, task: Task): Task {
  return { ...task, heardSeq: everythingSaid(context) };
}
