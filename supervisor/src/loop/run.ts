import type { QueueReason } from "#queue/queue-entry.ts";

/**
 * A run: from leasing a queue entry until the task leaves in_progress.
 *
 * active   it holds the workspace's slot, between steps too; at most one per workspace
 * waiting  it gave the slot up for a back-off or a pause; a retry entry in the queue brings it back at the same agent and pass.
 *          Its task may be demoted to todo meanwhile, when another one takes the slot
 * ended    the task left in_progress
 */
export const RUN_STATES = ["active", "waiting", "ended"] as const;
export type RunState = (typeof RUN_STATES)[number];

export const RUN_OUTCOMES = ["none", "converged", "review_requested", "cancelled", "moved", "restarted", "error", "deleted"] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** Times in Unix milliseconds. */
export interface Run {
  id: string;
  taskId: string;
  workspaceId: string;
  queueEntryId: string;
  /** 1 = the task's first. */
  number: number;
  state: RunState;
  outcome: RunOutcome;
  reason: QueueReason;
  passNumber: number;
  /** Newest event when the pass's first execution began: what the pass as a whole has seen. */
  passSeq: number;
  /** Somebody commented in this pass. */
  passWorked: boolean;
  /** Ids of the agents that have had their turn in this pass, in order. */
  turns: string[];
  streak: Streak;
  openedAt: number;
  endedAt: number | null;
}

/** Identical consecutive errors of one agent: what the breaker and the back-off count. */
export interface Streak {
  agentId: string;
  outcome: string;
  count: number;
  /** System comment that tells of it. */
  commentId: string;
}

export const NO_STREAK: Streak = { agentId: "", outcome: "", count: 0, commentId: "" };

export type NextStep<Agent> = { step: Agent } | { pass: number } | "converged";

/**
 * Where a run goes on: the first enabled agent behind the last one that has not had its turn, else another pass when somebody
 * worked, a person said something this pass has not seen, or an agent came to stand before the last one; else it converged.
 * Asked afresh before every step, so agents that were added, moved, disabled or deleted meanwhile count as they stand now.
 * @param agents all of the workspace, in order
 */
export function nextStep<Agent extends { id: string; enabled: boolean }>(
  run: Pick<Run, "passNumber" | "passWorked" | "turns">,
  agents: readonly Agent[],
  unheard: boolean,
): NextStep<Agent> {
  const waiting = (agent: Agent) => agent.enabled && !run.turns.includes(agent.id);
  const last = run.turns.findLast((id) => agents.some((agent) => agent.id === id));
  const behind = agents.slice(agents.findIndex((agent) => agent.id === last) + 1);
  const next = behind.find(waiting);
  if (next !== undefined) return { step: next };
  if (!agents.some((agent) => agent.enabled)) return "converged";
  return run.passWorked || unheard || agents.some(waiting) ? { pass: run.passNumber + 1 } : "converged";
}

/** A run before its first step. */
export const NOT_BEGUN = { passNumber: 1, passWorked: false, turns: [] as string[] };

/** The agent a run would start next, for questions about it; another pass begins with the first enabled one. */
export function whoIsNext<Agent extends { id: string; enabled: boolean }>(
  run: Pick<Run, "passNumber" | "passWorked" | "turns">,
  agents: readonly Agent[],
): Agent | undefined {
  const next = nextStep(run, agents, false);
  if (next === "converged") return undefined;
  return "step" in next ? next.step : agents.find((agent) => agent.enabled);
}
