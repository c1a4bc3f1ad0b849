import type { Action, Execution, Outcome } from "#executions/execution.ts";
import { hasUnheard, type Task } from "#tasks/task.ts";
import { type BackOff, delayAfter, type Failure, LONGEST_WAIT, policyOf } from "./retry-policy.ts";
import { NO_STREAK, nextStep, type Run, type Streak } from "./run.ts";

export interface Ended {
  outcome: Exclude<Outcome, "none">;
  detail: string;
  actions: readonly Action[];
  /** When a limit ends, as the CLI said; null = it did not. */
  until: number | null;
}

export interface Situation {
  run: Run;
  task: Pick<Task, "saidSeq" | "heardSeq">;
  execution: Pick<Execution, "agentId">;
  /** All of the workspace, in order, read afresh. */
  agents: readonly { id: string; enabled: boolean }[];
  /** 0 = never. */
  breakerLimit: number;
  /** Earlier failures of the same resource in a row. */
  pauseRepeats: number;
  backOff: BackOff;
  now: number;
  random: () => number;
}

/** What follows an ended execution. Times in Unix milliseconds. */
export type FollowUp =
  /** The run keeps its slot and goes on: next agent or next pass. */
  | { kind: "go_on"; run: Run }
  | { kind: "review"; run: Run; outcome: "converged" | "review_requested" | "error"; detail: string }
  /** The run gives its slot up until then; a blameless failure also pauses the resource. */
  | { kind: "retry"; run: Run; readyAt: number; pause: "cli" | "workspace" | null };

export function applyOutcome(situation: Situation, ended: Ended): FollowUp {
  const { outcome } = ended;
  if (outcome === "finished") return afterAnswer(situation, ended.actions);
  // Nobody asked for this stop in the supervisor's books, so the step was not carried out: start it again.
  return afterFailure(situation, outcome === "cancelled" ? "supervisor_stopping" : outcome, ended);
}

function afterAnswer({ run, task, execution, agents }: Situation, actions: readonly Action[]): FollowUp {
  const worked = run.passWorked || actions.some((action) => action.type === "comment");
  const next: Run = { ...run, passWorked: worked, turns: [...run.turns, execution.agentId], streak: NO_STREAK };
  const question = actions.find((action) => action.type === "change_status");
  if (question !== undefined) return { kind: "review", run: next, outcome: "review_requested", detail: question.reason ?? "" };
  const where = nextStep(next, agents, hasUnheard(task, run.passSeq));
  return where === "converged" ? { kind: "review", run: next, outcome: "converged", detail: "" } : { kind: "go_on", run: next };
}

function afterFailure(situation: Situation, failure: Failure, { detail, until }: Ended): FollowUp {
  const { run, execution, breakerLimit, backOff, now, random } = situation;
  const policy = policyOf(failure);
  const same = run.streak.agentId === execution.agentId && run.streak.outcome === failure;
  const streak: Streak = same
    ? { ...run.streak, count: run.streak.count + 1 }
    : { agentId: execution.agentId, outcome: failure, count: 1, commentId: "" };
  const waiting: Run = { ...run, state: "waiting", streak };
  if (policy.blame === "task") {
    if (breakerLimit > 0 && streak.count >= breakerLimit) return { kind: "review", run: { ...run, streak }, outcome: "error", detail };
    return { kind: "retry", run: waiting, readyAt: now + delayAfter(streak.count, backOff, random), pause: null };
  }
  if (policy.blame === "requeue") {
    return { kind: "retry", run: waiting, readyAt: now + delayAfter(streak.count, policy.pause, random), pause: null };
  }
  const believable = until !== null && until > now && until - now <= LONGEST_WAIT;
  const readyAt = believable ? until : now + delayAfter(situation.pauseRepeats + 1, policy.pause, random);
  return { kind: "retry", run: waiting, readyAt, pause: policy.blame };
}
