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
  /** Agents at or before this place have had their turn in this pass; 0 = nobody yet. */
  position: number;
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
 * Where a run goes on: the agent with the smallest place greater than the last one's, else another pass when somebody worked
 * or a person said something this pass has not seen, else it converged. Asked afresh before every step.
 */
export function nextStep<Agent extends { position: number }>(
  run: Pick<Run, "passNumber" | "passWorked" | "position">,
  agents: readonly Agent[],
  unheard: boolean,
): NextStep<Agent> {
  if (agents.length === 0) return "converged";
  const next = agents.find((agent) => agent.position > run.position);
  if (next !== undefined) return { step: next };
  return run.passWorked || unheard ? { pass: run.passNumber + 1 } : "converged";
}
