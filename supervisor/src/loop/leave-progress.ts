import { newestEventSeq } from "#events/event-table.ts";
import { appendActivity } from "#tasks/activity-table.ts";
import { type Actor, SYSTEM } from "#tasks/comment.ts";
import { hasUnheard, type StatusChange, type Task } from "#tasks/task.ts";
import { queueTask, transition } from "#tasks/transition.ts";
import { setLastTask } from "#workspaces/workspace-table.ts";
import type { LoopContext } from "./deps.ts";
import { saveRun } from "./run-table.ts";
import type { Run, RunOutcome } from "./run.ts";

/** Ends a run; its task has left, or is about to leave, in_progress. */
export function endRun({ db, now }: LoopContext, run: Run, outcome: RunOutcome): void {
  saveRun(db, { ...run, state: "ended", outcome, endedAt: now });
  setLastTask(db, run.workspaceId, run.taskId);
  appendActivity(db, run.taskId, "run_ended", SYSTEM, { run: String(run.number), outcome }, now);
}

/**
 * Puts a task in review and ends its run. Whatever a person said that nobody was given yet brings it back to todo in the same
 * transaction: a late comment is never lost, whichever way the run ended.
 * @param seenSeq newest event that counts as seen by the agents
 */
export function toReview(
  context: LoopContext,
  { task, run, outcome, seenSeq, actor }: { task: Task; run: Run | undefined; outcome: RunOutcome; seenSeq: number; actor: Actor },
  change: Omit<StatusChange, "status">,
): Task {
  const { db, now, newId } = context;
  if (run !== undefined) endRun(context, run, outcome);
  const reviewed = transition({ db, now, newId, actor }, task, { ...change, status: "in_review" });
  if (!hasUnheard(reviewed, seenSeq)) return reviewed;
  return transition({ db, now, newId, actor: SYSTEM }, reviewed, { status: "todo", reason: "comment" });
}

/** Gives up the present run, if any, and queues the task to start at the first agent again. */
export function startOver(context: LoopContext, task: Task, run: Run | undefined, actor: Actor): Task {
  const { db, now, newId } = context;
  if (run !== undefined) endRun(context, run, "restarted");
  appendActivity(db, task.id, "restarted", actor, {}, now);
  if (task.status !== "todo") return transition({ db, now, newId, actor }, task, { status: "todo", reason: "manual" });
  queueTask({ db, now, newId }, task, "manual", now);
  return task;
}

/** What counts as seen from now on: a cancelled task starts again only for something said after this. */
export function everythingSaid({ db }: LoopContext): number {
  return newestEventSeq(db);
}
