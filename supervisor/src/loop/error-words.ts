import type { Outcome } from "#executions/execution.ts";

const WHAT: Record<Exclude<Outcome, "none" | "finished">, string> = {
  bad_output: "gave an answer that Malamar cannot accept",
  exit_nonzero: "failed",
  timeout: "took too long",
  cancelled: "was stopped",
  cli_missing: "could not start: its CLI was not found",
  auth: "could not work: its CLI is not signed in",
  provider_unavailable: "could not work: the provider of its model is unavailable",
  rate_limited: "could not work: the provider limits its requests for now",
  usage_limit: "could not work: a usage limit is reached",
  runner_lost: "was cut off: the runner that carried it died",
  supervisor_stopping: "was interrupted: Malamar was stopped",
  disk_full: "could not work: the disk is full",
  spawn_failed: "could not be started",
};

/** One sentence on how an attempt ended, for attention texts. */
export function whatHappened(agentName: string, outcome: Exclude<Outcome, "none" | "finished">): string {
  return `${agentName} ${WHAT[outcome]}`;
}

/** The system comment on an attempt that did not work: people read it, and so does the agent that tries again. */
export function errorComment(error: {
  agentName: string;
  outcome: Exclude<Outcome, "none" | "finished">;
  detail: string;
  count: number;
  next: "retry" | "pause" | "review";
}): string {
  const times = error.count > 1 ? ` (${error.count} times in a row)` : "";
  const next = {
    retry: "All work is kept; the same agent tries again by itself.",
    pause: "This counts against nobody. All work is kept, and Malamar tries again by itself as soon as it can.",
    review: "Malamar stopped trying so that a person can look. All work is kept; comment to let the agents go on.",
  }[error.next];
  const detail = error.detail === "" ? "" : `\n\n${error.detail}`;
  return `${whatHappened(error.agentName, error.outcome)}${times}. ${next}${detail}`;
}
