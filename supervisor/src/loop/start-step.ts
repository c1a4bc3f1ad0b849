import type { Agent } from "#agents/agent.ts";
import { agentsInOrder } from "#agents/agent-table.ts";
import { must } from "#errors/must.ts";
import { newestEventSeq } from "#events/event-table.ts";
import { insertExecution, liveExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { inPickUpOrder } from "#queue/pick-up-order.ts";
import type { QueueEntry } from "#queue/queue-entry.ts";
import { leaseEntry, readyEntries } from "#queue/queue-table.ts";
import { appendActivity } from "#tasks/activity-table.ts";
import { SYSTEM } from "#tasks/comment.ts";
import { findTask, tasksInProgress } from "#tasks/task-table.ts";
import { hasUnheard, type Task } from "#tasks/task.ts";
import { queueTask, saveTask, taskChanged, transition } from "#tasks/transition.ts";
import { findWorkspace, nextFence, setLastTask } from "#workspaces/workspace-table.ts";
import type { Workspace } from "#workspaces/workspace.ts";
import { contextOf, type LoopContext, type LoopDeps } from "./deps.ts";
import { toReview } from "./leave-progress.ts";
import { findPause, passPause } from "./pause-table.ts";
import { activeRun, insertRun, openRun, saveRun } from "./run-table.ts";
import { NO_STREAK, nextStep, NOT_BEGUN, type Run, whoIsNext } from "./run.ts";

/** The right to give one execution to a runner; see `runners/registry.ts`. */
export interface Lease {
  runnerId: string;
  boot: number;
  requestId: string;
}

/** Entries looked at before giving up for now: those before it may all wait for a paused CLI. */
const LOOK_AT = 50;

/**
 * Starts the workspace's next step, reading everything afresh: the run that holds the slot goes on, else the first entry of the
 * queue that can. Runs that turn out to have converged go to review on the way.
 * @param takeLease asked once, when an execution is about to be leased
 * @returns the execution that was leased, or undefined when nothing can start now
 */
export function startStep(deps: LoopDeps, workspaceId: string, takeLease: () => Lease | undefined): Execution | undefined {
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    for (;;) {
      const workspace = findWorkspace(db, workspaceId);
      if (workspace === undefined || workspace.paused || workspace.deleting) return undefined;
      if (liveExecution(db, workspaceId) !== undefined || isPaused(context, "workspace", workspaceId)) return undefined;
      const agents = agentsInOrder(db, workspaceId);
      const run = activeRun(db, workspaceId) ?? takeUpNext(context, workspace, agents);
      if (run === undefined) return undefined;
      const execution = advance(context, run, agents, takeLease);
      if (execution !== "again") return execution;
    }
  });
}

/** Whether starting on the resource has to wait; a pause that ran out lets one attempt through. */
function isPaused({ db, now }: LoopContext, resource: "cli" | "workspace", id: string): boolean {
  return (findPause(db, resource, id)?.until ?? 0) > now;
}

/** Takes up the first entry of the queue whose next agent can start. */
function takeUpNext(context: LoopContext, workspace: Workspace, agents: readonly Agent[]): Run | undefined {
  const { db, now } = context;
  const rule = { lastTaskId: workspace.lastTaskId, order: workspace.queueOrder };
  const entries = inPickUpOrder(readyEntries(db, workspace.id, { ...rule, now, limit: LOOK_AT }), rule);
  for (const entry of entries) {
    const task = must(findTask(db, entry.taskId), "A queue entry's task is gone.");
    const run = openRun(db, task.id);
    const agent = whoIsNext(run ?? NOT_BEGUN, agents);
    if (agent !== undefined && isPaused(context, "cli", agent.cli)) continue;
    return takeUp(context, workspace, task, run, entry);
  }
  return undefined;
}

function takeUp(context: LoopContext, workspace: Workspace, task: Task, waiting: Run | undefined, entry: QueueEntry): Run {
  const { db, now, newId } = context;
  for (const other of tasksInProgress(db, workspace.id)) {
    // One slot: a task that waits in progress makes room and keeps its queue entry and its run.
    if (other.id !== task.id) transition({ db, now, newId, actor: SYSTEM }, other, { status: "todo", reason: null });
  }
  let taken = task;
  if (task.status === "todo") taken = transition({ db, now, newId, actor: SYSTEM }, task, { status: "in_progress", entryId: entry.id });
  else leaseEntry(db, entry.id, now);
  setLastTask(db, workspace.id, task.id);
  if (waiting !== undefined) return saveRun(db, { ...waiting, state: "active", queueEntryId: entry.id });
  const number = task.runCount + 1;
  const run: Run = {
    ...NOT_BEGUN,
    id: newId(),
    taskId: task.id,
    workspaceId: workspace.id,
    queueEntryId: entry.id,
    number,
    state: "active",
    outcome: "none",
    reason: entry.reason,
    passSeq: newestEventSeq(db),
    streak: NO_STREAK,
    openedAt: now,
    endedAt: null,
  };
  insertRun(db, run);
  appendActivity(db, task.id, "run_started", SYSTEM, { run: String(number), reason: entry.reason }, now);
  saveTask(db, { ...taken, runCount: number, passNumber: 1 }, now);
  return run;
}

/** Goes one decision further: lease the next agent's execution, begin another pass, converge, or step aside for a paused CLI. */
function advance(
  context: LoopContext,
  run: Run,
  agents: readonly Agent[],
  takeLease: () => Lease | undefined,
): Execution | "again" | undefined {
  const { db, now, newId } = context;
  const task = must(findTask(db, run.taskId), "A run's task is gone.");
  const where = nextStep(run, agents, hasUnheard(task, run.passSeq));
  if (where === "converged") {
    const nobody = !agents.some((agent) => agent.enabled);
    const detail = nobody ? "The workspace has no enabled agents." : "";
    const change = { attention: "converged", attentionDetail: detail } as const;
    // Without agents nobody can hear anything, so nothing said may bring the task back to them.
    const seenSeq = nobody ? newestEventSeq(db) : run.passSeq;
    toReview(context, { task, run, outcome: "converged", seenSeq, actor: SYSTEM }, change);
    return "again";
  }
  if ("pass" in where) {
    saveRun(db, { ...run, passNumber: where.pass, passWorked: false, turns: [], passSeq: newestEventSeq(db) });
    appendActivity(db, task.id, "pass_started", SYSTEM, { pass: String(where.pass) }, now);
    saveTask(db, { ...task, passNumber: where.pass }, now);
    return "again";
  }
  const agent = where.step;
  const pause = findPause(db, "cli", agent.cli);
  if (pause !== undefined && pause.until > now) {
    saveRun(db, { ...run, state: "waiting" });
    queueTask({ db, now, newId }, task, "retry", pause.until);
    return "again";
  }
  const lease = takeLease();
  if (lease === undefined) return undefined;
  if (pause !== undefined) passPause(db, pause, now);
  return leaseExecution(context, run, task, agent, lease);
}

function leaseExecution({ db, now, newId }: LoopContext, run: Run, task: Task, agent: Agent, lease: Lease): Execution {
  const inputSeq = newestEventSeq(db);
  // Until the first agent has had its turn, the pass has seen whatever its next input holds.
  if (run.turns.length === 0) saveRun(db, { ...run, passSeq: inputSeq });
  const execution: Omit<Execution, "seq"> = {
    id: newId(),
    workspaceId: run.workspaceId,
    taskId: task.id,
    runId: run.id,
    runNumber: run.number,
    passNumber: run.passNumber,
    agentId: agent.id,
    agentName: agent.name,
    cli: agent.cli,
    model: agent.model,
    state: "leased",
    stopReason: "none",
    fence: nextFence(db, run.workspaceId),
    ...lease,
    inputSeq,
    outcome: "none",
    outcomeDetail: "",
    exitCode: null,
    signal: "",
    actions: [],
    reportSha256: "",
    salvaged: false,
    containment: "L0",
    pid: 0,
    pidStartTicks: 0,
    logLines: 0,
    logBytes: 0,
    logTruncated: false,
    logComplete: false,
    usage: { inputTokens: null, outputTokens: null, cachedTokens: null, cost: null },
    silent: false,
    leasedAt: now,
    startedAt: null,
    endedAt: null,
  };
  const leased = insertExecution(db, execution, now);
  const actor = { kind: "agent", id: agent.id, name: agent.name } as const;
  // The task row itself stays, but what is live on it is part of what clients see.
  taskChanged(db, task, now);
  appendActivity(db, task.id, "agent_started", actor, { execution: execution.id, pass: String(run.passNumber) }, now);
  return leased;
}
