// How long an execution may take, may be silent, and may hang after its answer: pure decisions over monotonic times.
import type { Limits } from "./order.ts";

export interface LimitFacts {
  now: number;
  startedAt: number;
  lastOutputAt: number;
  /** Since when a complete answer lies there unchanged and the CLI's own final line, where it has one, was seen. */
  answeredAt: number | null;
}

export interface LimitVerdict {
  /** Reason to end the execution now. */
  cause: "time_limit" | "silence_limit" | "finish_grace" | null;
  silent: boolean;
  /** Milliseconds until something can be different, at most one second because the answer is found by looking. */
  lookAgain: number;
}

const LONGEST_PAUSE = 1_000;

export function judgeLimits(limits: Limits, facts: LimitFacts): LimitVerdict {
  const { now, startedAt, lastOutputAt, answeredAt } = facts;
  const left = (since: number, limit: number | null) => (limit === null ? Infinity : since + limit - now);
  // An answer that is there counts for more than a limit that ran out in the same moment.
  const finish = answeredAt === null ? Infinity : left(answeredAt, limits.finishGrace);
  const time = left(startedAt, limits.time);
  const silence = left(lastOutputAt, limits.silence);
  const warning = left(lastOutputAt, limits.silenceWarning);
  const silent = warning <= 0;
  const cause = finish <= 0 ? "finish_grace" : time <= 0 ? "time_limit" : silence <= 0 ? "silence_limit" : null;
  const next = Math.min(LONGEST_PAUSE, finish, time, silence, silent ? Infinity : warning);
  return { cause, silent, lookAgain: Math.max(1, Math.ceil(next)) };
}
