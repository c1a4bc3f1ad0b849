import { agentsInOrder } from "#agents/agent-table.ts";
import { must } from "#errors/must.ts";
import { appendEvent } from "#events/event-table.ts";
import { liveExecution, saveExecution } from "#executions/execution-table.ts";
import { become, type Execution } from "#executions/execution.ts";
import { appendActivity } from "#tasks/activity-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { type Actor, SYSTEM, USER } from "#tasks/comment.ts";
import type { Task } from "#tasks/task.ts";
import { queueTask, saveTask, taskChanged } from "#tasks/transition.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import type { Workspace } from "#workspaces/workspace.ts";
import { blames } from "./retry-policy.ts";
import { applyOutcome, type Ended, type FollowUp } from "./apply-outcome.ts";
import type { LoopContext } from "./deps.ts";
import { errorComment, whatHappened } from "./error-words.ts";
import { startOver, toReview } from "./leave-progress.ts";
import { findPause, pauseResource, recover } from "./pause-table.ts";
import { removeTask } from "./remove-task.ts";
import { removeWorkspace } from "./remove-workspace.ts";
import { findRun, saveRun } from "./run-table.ts";
import type { Run } from "./run.ts";
import { sayAnswer, saySystem } from "./say.ts";

/**
 * Ends an execution whose processes are proven dead and carries on from there, all in the caller's transaction: what a person
 * asked for meanwhile comes first (delete, cancel, move, restart); otherwise the answer or the error decides.
 */
export function endExecution(context: LoopContext, ending: Execution, ended: Ended): void {
  const { db, now } = context;
  const execution = saveExecution(
    db,
    { ...become(ending, "ended"), outcome: ended.outcome, outcomeDetail: ended.detail, endedAt: now },
    now,
  );
  const task = must(findTask(db, execution.taskId), "An execution's task is gone although deleting it waits for the execution.");
  const run = must(findRun(db, execution.runId), "An execution's run is gone.");
  const workspace = must(findWorkspace(db, execution.workspaceId), "An execution's workspace is gone.");
  const detail = { execution: execution.id, outcome: ended.outcome, actions: ended.actions.map((action) => action.type).join(", ") };
  appendActivity(db, task.id, "agent_finished", agentOf(execution), detail, now);

  if (task.stopping !== "none") carryOutStop(context, task, run);
  else carryOn(context, { execution, task, run, workspace }, ended);

  if (workspace.deleting && liveExecution(db, workspace.id) === undefined) removeWorkspace(context, workspace.id);
}

function agentOf({ agentId, agentName }: Execution): Actor {
  return { kind: "agent", id: agentId, name: agentName };
}

function carryOutStop(context: LoopContext, task: Task, run: Run): void {
  const open = run.state === "ended" ? undefined : run;
  switch (task.stopping) {
    case "deleting":
      return removeTask(context, task);
    case "restarting":
      return void startOver(context, task, open, USER);
    case "moving":
      return void toReview(context, { task, run: open, outcome: "moved", seenSeq: task.heardSeq, actor: USER }, {});
    default:
      return void cancelInto(context, task, open);
  }
}

/** The task's run was stopped by a person: it stays in review until a person says something after that. */
export function cancelInto(context: LoopContext, task: Task, run: Run | undefined): Task {
  const told = saySystem(context, task, "Task cancelled by user.");
  return toReview(context, { task: told, run, outcome: "cancelled", seenSeq: told.heardSeq, actor: USER }, { attention: "cancelled" });
}

interface Scene {
  execution: Execution;
  task: Task;
  run: Run;
  workspace: Workspace;
}

function carryOn(context: LoopContext, { execution, task, run, workspace }: Scene, ended: Ended): void {
  const { db, now } = context;
  if (run.state === "ended") return;
  // The CLI ran, well or badly: whatever kept it or the workspace from working is over.
  if (ended.outcome === "finished" || blames(ended.outcome, "task")) {
    recover(db, "cli", execution.cli, now);
    recover(db, "workspace", workspace.id, now);
  }
  const said = ended.outcome === "finished" ? sayAnswer(context, task, execution, ended.actions) : task;
  const paused = findPause(db, "cli", execution.cli) ?? findPause(db, "workspace", workspace.id);
  const followUp = applyOutcome(
    {
      run,
      task: said,
      execution,
      agents: agentsInOrder(db, workspace.id),
      breakerLimit: workspace.breakerLimit,
      pauseRepeats: paused?.repeats ?? 0,
      backOff: context.backOff,
      now,
      random: context.random,
    },
    ended,
  );
  FOLLOW[followUp.kind](context, { execution, task: said, run, workspace }, ended, followUp as never);
}

type Follow<Kind extends FollowUp["kind"]> = (
  context: LoopContext,
  scene: Scene,
  ended: Ended,
  followUp: Extract<FollowUp, { kind: Kind }>,
) => void;
const FOLLOW: { [Kind in FollowUp["kind"]]: Follow<Kind> } = {
  go_on: ({ db, now }, { task }, _ended, { run }) => {
    saveRun(db, run);
    saveTask(db, { ...task, updatedAt: now }, now);
  },
  review: (context, { execution, task, run }, ended, followUp) => {
    const told = followUp.outcome === "error" ? tellError(context, { execution, task, run: followUp.run }, ended, "review").task : task;
    // A pass that converged was compared with what the pass as a whole has seen; a single agent's word with what that agent was given.
    const seenSeq = followUp.outcome === "converged" ? run.passSeq : execution.inputSeq;
    const attention = ({ converged: "converged", review_requested: "question", error: "error" } as const)[followUp.outcome];
    const attentionDetail =
      followUp.outcome === "error" && ended.outcome !== "finished" ? whatHappened(execution.agentName, ended.outcome) : followUp.detail;
    toReview(context, { task: told, run: followUp.run, outcome: followUp.outcome, seenSeq, actor: SYSTEM }, { attention, attentionDetail });
  },
  retry: (context, { execution, task, run: before, workspace }, ended, followUp) => {
    const { db, now, newId } = context;
    const { pause, readyAt } = followUp;
    const next = pause === null ? "retry" : "pause";
    const quiet = ended.outcome === "supervisor_stopping" || ended.outcome === "cancelled";
    const { task: told, run } = quiet
      ? { task, run: { ...followUp.run, streak: before.streak } }
      : tellError(context, { execution, task, run: followUp.run }, ended, next);
    saveRun(db, run);
    queueTask({ db, now, newId }, told, "retry", readyAt);
    taskChanged(db, told, now);
    if (pause === null) return;
    const resourceId = pause === "cli" ? execution.cli : workspace.id;
    pauseResource(db, { resource: pause, resourceId, cause: ended.outcome, detail: ended.detail, until: readyAt }, now);
    appendEvent(db, { type: "workspace_changed", workspaceId: workspace.id }, now);
  },
};

/** A streak of the same error is one comment with a count. */
function tellError(
  context: LoopContext,
  { execution, task, run }: { execution: Execution; task: Task; run: Run },
  ended: Ended,
  next: "retry" | "pause" | "review",
): { task: Task; run: Run } {
  if (ended.outcome === "finished") return { task, run };
  const { agentName } = execution;
  const text = errorComment({ agentName, outcome: ended.outcome, detail: ended.detail, count: run.streak.count, next });
  const commentId = run.streak.commentId === "" ? context.newId() : run.streak.commentId;
  const told = saySystem(context, task, text, commentId);
  return { task: told, run: { ...run, streak: { ...run.streak, commentId } } };
}
