import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AnswerActionType, ExecutionOutcome, ExecutionState, type Execution } from "@malamar/proto/malamar/v1/execution_pb";
import { wordOf } from "#lib/api/word-of.ts";

const ENDED = {
  [ExecutionOutcome.UNSPECIFIED]: "ended",
  [ExecutionOutcome.FINISHED]: "answered",
  [ExecutionOutcome.BAD_OUTPUT]: "gave no valid answer",
  [ExecutionOutcome.EXIT_NONZERO]: "ended with an error",
  [ExecutionOutcome.TIMEOUT]: "took too long and was ended",
  [ExecutionOutcome.CANCELLED]: "was cancelled",
  [ExecutionOutcome.CLI_MISSING]: "could not start: its CLI is missing",
  [ExecutionOutcome.AUTH]: "could not start: its CLI is not signed in",
  [ExecutionOutcome.PROVIDER_UNAVAILABLE]: "could not go on: the provider is not available",
  [ExecutionOutcome.RATE_LIMITED]: "has to wait: too many requests",
  [ExecutionOutcome.USAGE_LIMIT]: "has to wait: the usage limit is reached",
  [ExecutionOutcome.RUNNER_LOST]: "was interrupted",
  [ExecutionOutcome.SUPERVISOR_STOPPING]: "was interrupted: Malamar was stopped",
  [ExecutionOutcome.DISK_FULL]: "could not go on: the disk is full",
  [ExecutionOutcome.SPAWN_FAILED]: "could not be started",
} satisfies Record<ExecutionOutcome, string>;

const LIVE = {
  [ExecutionState.UNSPECIFIED]: "works",
  [ExecutionState.LEASED]: "starts",
  [ExecutionState.RUNNING]: "works",
  [ExecutionState.STOPPING]: "is being stopped",
  [ExecutionState.REAPING]: "is being cleaned up",
  [ExecutionState.ENDED]: "",
} satisfies Record<ExecutionState, string>;

/** What an agent does or did, to be read after its name. */
export function executionWords(execution: Execution): string {
  if (execution.state !== ExecutionState.ENDED) return wordOf(LIVE, execution.state, "works");
  if (execution.outcome !== ExecutionOutcome.FINISHED) return wordOf(ENDED, execution.outcome, "ended");
  const types = new Set(execution.actions.map((action) => action.type));
  if (types.has(AnswerActionType.CHANGE_STATUS)) return "asks for your review";
  if (types.has(AnswerActionType.COMMENT)) return "commented";
  if (types.has(AnswerActionType.SKIP)) return "skipped";
  return "answered";
}

export function endedBadly(execution: Execution): boolean {
  return (
    execution.state === ExecutionState.ENDED &&
    execution.outcome !== ExecutionOutcome.FINISHED &&
    execution.outcome !== ExecutionOutcome.CANCELLED
  );
}

/** Text that goes with the words: the reason of a request for review, or what went wrong. */
export function executionDetail(execution: Execution): string {
  const reason = execution.actions.find((action) => action.type === AnswerActionType.CHANGE_STATUS)?.reason ?? "";
  return execution.outcome === ExecutionOutcome.FINISHED ? reason : execution.outcomeDetail;
}

/** How long it took, or undefined while it runs or when it never started. */
export function tookMs(execution: Execution): number | undefined {
  if (!execution.startedAt || !execution.endedAt) return undefined;
  return timestampMs(execution.endedAt) - timestampMs(execution.startedAt);
}
