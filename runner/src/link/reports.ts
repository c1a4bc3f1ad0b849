// The runner's own words → what the supervisor understands.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Containment } from "@malamar/proto/malamar/v1/execution_pb";
import { SystemicFault } from "@malamar/proto/malamar/runner/v1/order_pb";
import { AnswerState, EndCause, FinalLine, type CliFactsSchema, type CompleteSchema } from "@malamar/proto/malamar/runner/v1/report_pb";
import type { ControlRequestSchema } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { StartFailure, wordsOf } from "#errors/start-failure.ts";
import type { CliFacts, Fault } from "#clis/cli.ts";
import type { Execution } from "#execute/execute.ts";
import { measure } from "#process/measure.ts";
import type { Level } from "#process/containment.ts";
import type { Report } from "#execute/report.ts";

export type ToSupervisor = NonNullable<Exclude<MessageInitShape<typeof ControlRequestSchema>, { $typeName: string }>["message"]>;

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

const ANSWERS = {
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
} satisfies Record<CliFacts["finalLine"], FinalLine>;

const FAULTS = {
  auth: SystemicFault.AUTH,
  provider_unavailable: SystemicFault.PROVIDER_UNAVAILABLE,
  rate_limited: SystemicFault.RATE_LIMITED,
  usage_limit: SystemicFault.USAGE_LIMIT,
} satisfies Record<Fault, SystemicFault>;

const CONTAINMENTS = {
  L0: Containment.L0,
  L1: Containment.L1,
  L2: Containment.L2,
  L3: Containment.L3,
} satisfies Record<Level, Containment>;

export function toComplete(report: Report): ToSupervisor {
  const complete: MessageInitShape<typeof CompleteSchema> = {
    executionId: report.executionId,
    fence: report.fence,
    cause: CAUSES[report.cause],
    signal: report.signal,
    answerState: ANSWERS[report.answerState],
    answer: report.answer,
    error: report.error,
    stderrTail: report.stderrTail,
    facts: toFacts(report.facts),
    lastLogFrame: BigInt(report.lastLogFrame),
    endedAt: timestampFromMs(report.endedAt),
  };
  if (report.containment !== null) complete.containment = CONTAINMENTS[report.containment];
  if (report.exitCode !== null) complete.exitCode = report.exitCode;
  if (report.startedAt !== null) complete.startedAt = timestampFromMs(report.startedAt);
  return { case: "complete", value: complete };
}

function toFacts(facts: CliFacts): MessageInitShape<typeof CliFactsSchema> {
  const wire: MessageInitShape<typeof CliFactsSchema> = { finalLine: FINAL_LINES[facts.finalLine], faultDetail: facts.faultDetail };
  if (facts.fault !== null) wire.fault = FAULTS[facts.fault];
  if (facts.faultUntil !== null) wire.faultUntil = timestampFromMs(facts.faultUntil);
  if (facts.usage !== null) wire.usage = facts.usage;
  return wire;
}

/** null when it never started. */
export function toStarted(execution: Execution): ToSupervisor | null {
  const process = execution.process();
  if (process === null) return null;
  const { executionId, fence } = execution.order;
  return {
    case: "started",
    value: {
      executionId,
      fence,
      pid: process.pid,
      pidStartTicks: process.startTicks,
      time: timestampFromMs(process.startedAt),
      containment: CONTAINMENTS[process.containment],
    },
  };
}

/** Only executions whose CLI lives are renewed. */
export function toRenew(running: Execution[]): ToSupervisor {
  const used = measure(running.map((execution) => execution.process() ?? { pid: 0, guard: null }));
  const progress = running.map((execution, at) => {
    const { lines, bytes, silent } = execution.progress();
    const { executionId, fence } = execution.order;
    const vitals = used[at] ?? null;
    return {
      executionId,
      fence,
      logLines: BigInt(lines),
      logBytes: BigInt(bytes),
      silent,
      ...(vitals === null ? {} : { processes: vitals.processes, memoryBytes: BigInt(vitals.memoryBytes) }),
    };
  });
  return { case: "renew", value: { progress } };
}

/** A grant that cannot be followed still gets an answer, or its task would wait for ever. */
export function refusal({ executionId, fence }: { executionId: string; fence: bigint }, why: unknown): ToSupervisor {
  const known = why instanceof StartFailure;
  const cause = CAUSES[known ? why.fault : "spawn_failed"];
  const error = known ? why.message : `The runner could not follow the order: ${wordsOf(why)}. Nothing was started.`;
  return {
    case: "complete",
    value: { executionId, fence, cause, answerState: AnswerState.MISSING, error, endedAt: timestampFromMs(Date.now()) },
  };
}
