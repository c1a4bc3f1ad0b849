import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Containment as WireContainment } from "@malamar/proto/malamar/v1/execution_pb";
import type { LogUsage } from "@malamar/proto/malamar/v1/log_pb";
import { SystemicFault } from "@malamar/proto/malamar/runner/v1/order_pb";
import { AnswerState, type Complete, CompleteSchema, EndCause, FinalLine } from "@malamar/proto/malamar/runner/v1/report_pb";
import { SettledVerdict } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { Problem } from "#errors/problem.ts";
import { type Containment, CONTAINMENTS, type Usage } from "#executions/execution.ts";
import type { Report, Verdict } from "#executions/report.ts";
import { FAULTS } from "./encode-grant.ts";
import { CONTAINMENT } from "./wire-words.ts";

const CAUSES = {
  exited: EndCause.EXITED,
  finish_grace: EndCause.FINISH_GRACE,
  time_limit: EndCause.TIME_LIMIT,
  silence_limit: EndCause.SILENCE_LIMIT,
  cancelled: EndCause.CANCELLED,
  supervisor_stopping: EndCause.SUPERVISOR_STOPPING,
  cli_missing: EndCause.CLI_MISSING,
  directory_missing: EndCause.DIRECTORY_MISSING,
  spawn_failed: EndCause.SPAWN_FAILED,
  disk_full: EndCause.DISK_FULL,
} satisfies Record<Report["cause"], EndCause>;

const ANSWER_STATES = {
  present: AnswerState.PRESENT,
  missing: AnswerState.MISSING,
  empty: AnswerState.EMPTY,
  not_a_file: AnswerState.NOT_A_FILE,
  too_large: AnswerState.TOO_LARGE,
} satisfies Record<Report["answerState"], AnswerState>;

const FINAL_LINES = {
  not_expected: FinalLine.NOT_EXPECTED,
  success: FinalLine.SUCCESS,
  failure: FinalLine.FAILURE,
  missing: FinalLine.MISSING,
} satisfies Record<Report["finalLine"], FinalLine>;

export const VERDICTS = {
  applied: SettledVerdict.APPLIED,
  already: SettledVerdict.ALREADY,
  salvaged: SettledVerdict.SALVAGED,
  unknown: SettledVerdict.UNKNOWN,
  conflict: SettledVerdict.CONFLICT,
} satisfies Record<Verdict, SettledVerdict>;

/** Throws when it says something that this version does not know: guessing how an execution ended would be worse than asking again. */
export function decodeReport(complete: Complete, now: number): Report {
  const { facts } = complete;
  const finalLine = facts?.finalLine || FinalLine.NOT_EXPECTED;
  return {
    executionId: complete.executionId,
    fence: Number(complete.fence),
    cause: wordOf(CAUSES, complete.cause, "cause"),
    exitCode: complete.exitCode ?? null,
    signal: complete.signal,
    answerState: wordOf(ANSWER_STATES, complete.answerState, "answer_state"),
    answer: complete.answer,
    error: complete.error,
    stderrTail: complete.stderrTail,
    finalLine: wordOf(FINAL_LINES, finalLine, "facts.final_line"),
    fault: facts === undefined || facts.fault === SystemicFault.UNSPECIFIED ? null : wordOf(FAULTS, facts.fault, "facts.fault"),
    faultDetail: facts?.faultDetail ?? "",
    faultUntil: timeOf(facts?.faultUntil),
    usage: decodeUsage(facts?.usage),
    lastLogFrame: Number(complete.lastLogFrame),
    startedAt: timeOf(complete.startedAt),
    endedAt: timeOf(complete.endedAt) ?? now,
    containment: decodeContainment(complete.containment),
    sha256: createHash("sha256").update(toBinary(CompleteSchema, complete)).digest("hex"),
  };
}

function wordOf<W extends string>(words: Record<W, number>, value: number, field: string): W {
  for (const word in words) if (words[word] === value) return word;
  throw new Problem(
    "invalid",
    "unknown_value",
    `The report's ${field} has the value ${value}, which this supervisor does not know; the report was not settled and is still yours.`,
    "Keep the report; a supervisor of the runner's version will take it.",
  );
}

/** null when it is not said; a level that this version does not know is no reason to refuse anything. */
export function decodeContainment(value: WireContainment): Containment | null {
  return CONTAINMENTS.find((level) => CONTAINMENT[level] === value) ?? null;
}

function timeOf(timestamp: Timestamp | undefined): number | null {
  return timestamp === undefined ? null : timestampMs(timestamp);
}

function decodeUsage(usage: LogUsage | undefined): Usage {
  return {
    inputTokens: countOf(usage?.inputTokens),
    outputTokens: countOf(usage?.outputTokens),
    cachedTokens: countOf(usage?.cachedTokens),
    cost: usage?.cost ?? null,
  };
}

function countOf(value: bigint | undefined): number | null {
  return value === undefined ? null : Number(value);
}
