import type { Outcome } from "#executions/execution.ts";

/** Milliseconds. */
export interface BackOff {
  first: number;
  longest: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Doubles with every error up to the longest, then takes away up to half of it so that many tasks do not come back together. */
export function delayAfter(errors: number, { first, longest }: BackOff, random: () => number): number {
  // The exponent is capped: 2^n of an endless streak would overflow into nonsense.
  const full = Math.min(longest, first * 2 ** Math.min(errors - 1, 20));
  return Math.round(full * (1 - random() / 2));
}

/** Longer than any limit of a provider, which reset after a month at the most: whatever is further away is a mistake. */
export const LONGEST_WAIT = 35 * 24 * 60 * MINUTE;

interface Policy {
  /** task: counts against the task. cli, workspace: blameless, pauses that resource. requeue: blameless, starts again. */
  blame: "task" | "cli" | "workspace" | "requeue";
  /** Between attempts on a paused resource. */
  pause: BackOff;
}

const NO_PAUSE: BackOff = { first: SECOND, longest: MINUTE };
const HEALTH: BackOff = { first: MINUTE, longest: 10 * MINUTE };
const PROVIDER: BackOff = { first: 5 * SECOND, longest: 10 * MINUTE };
const LIMIT: BackOff = { first: 5 * MINUTE, longest: 60 * MINUTE };

const POLICY: Record<Exclude<Outcome, "none" | "finished" | "cancelled">, Policy> = {
  bad_output: { blame: "task", pause: NO_PAUSE },
  exit_nonzero: { blame: "task", pause: NO_PAUSE },
  timeout: { blame: "task", pause: NO_PAUSE },
  cli_missing: { blame: "cli", pause: HEALTH },
  auth: { blame: "cli", pause: HEALTH },
  provider_unavailable: { blame: "cli", pause: PROVIDER },
  rate_limited: { blame: "cli", pause: PROVIDER },
  usage_limit: { blame: "cli", pause: LIMIT },
  spawn_failed: { blame: "workspace", pause: PROVIDER },
  disk_full: { blame: "workspace", pause: HEALTH },
  runner_lost: { blame: "requeue", pause: NO_PAUSE },
  supervisor_stopping: { blame: "requeue", pause: { first: 0, longest: 0 } },
};

export type Failure = keyof typeof POLICY;

export function policyOf(failure: Failure): Policy {
  return POLICY[failure];
}

/** Whether an outcome is held against the task, its CLI or its workspace. */
export function blames(outcome: Outcome, whom: Policy["blame"]): boolean {
  return outcome in POLICY && POLICY[outcome as Failure].blame === whom;
}
