import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DirectoryMode } from "@malamar/proto/malamar/v1/workspace_pb";
import { type CliOrderSchema, type GrantSchema, OutputFormat, PromptBy, SystemicFault } from "@malamar/proto/malamar/runner/v1/order_pb";
import { type ControlResponseSchema, StopReason } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import type { CustomCli } from "#config/cli.ts";
import type { StopReason as StopWord } from "#executions/execution.ts";
import type { Grant } from "#executions/grant.ts";
import type { Order } from "#runners/registry.ts";

export type ToRunner = MessageInitShape<typeof ControlResponseSchema>;

const DIRECTORY_MODES = { temp: DirectoryMode.TEMP, static: DirectoryMode.STATIC } satisfies Record<Grant["directoryMode"], DirectoryMode>;

const PROMPT_BY = { stdin: PromptBy.STDIN, argument: PromptBy.ARGUMENT, file: PromptBy.FILE } satisfies Record<
  CustomCli["promptBy"],
  PromptBy
>;

const OUTPUT_FORMATS = { text: OutputFormat.TEXT, json_lines: OutputFormat.JSON_LINES } satisfies Record<
  CustomCli["outputFormat"],
  OutputFormat
>;

export const FAULTS = {
  auth: SystemicFault.AUTH,
  provider_unavailable: SystemicFault.PROVIDER_UNAVAILABLE,
  rate_limited: SystemicFault.RATE_LIMITED,
  usage_limit: SystemicFault.USAGE_LIMIT,
} satisfies Record<CustomCli["outcomePatterns"][number]["fault"], SystemicFault>;

/** To a runner a moved and a restarted task are cancelled ones: what comes of them is not its business. */
const STOP_REASONS = {
  none: StopReason.UNSPECIFIED,
  cancelled: StopReason.CANCELLED,
  moved: StopReason.CANCELLED,
  restarted: StopReason.CANCELLED,
  deleted: StopReason.DELETED,
  supervisor_stopping: StopReason.SUPERVISOR_STOPPING,
} satisfies Record<StopWord, StopReason>;

/** @param lease milliseconds */
export function encodeOrder(order: Order, lease: number): ToRunner {
  switch (order.type) {
    case "assign":
      return { message: { case: "assign", value: { workspaceIds: order.workspaceIds } } };
    case "grant":
      return { message: { case: "grant", value: encodeGrant(order.grant, lease) } };
    case "stop":
      return { message: { case: "stop", value: encodeStop(order.executionId, order.reason) } };
    case "reap":
      return { message: { case: "reap", value: { targets: order.targets.map(encodeTarget) } } };
    case "retire":
      return { message: { case: "retire", value: {} } };
  }
}

export function encodeStop(executionId: string, reason: StopWord): { executionId: string; reason: StopReason } {
  return { executionId, reason: STOP_REASONS[reason] };
}

function encodeTarget(target: { executionId: string; pid: number; pidStartTicks: number }) {
  return { ...target, pidStartTicks: BigInt(target.pidStartTicks) };
}

function encodeGrant({ fence, directoryMode, cli, limits, ...rest }: Grant, lease: number): MessageInitShape<typeof GrantSchema> {
  return {
    ...rest,
    fence: BigInt(fence),
    lease: durationFromMs(lease),
    directoryMode: DIRECTORY_MODES[directoryMode],
    cli: encodeCli(cli),
    limits: {
      ...limitOf("timeLimit", limits.timeLimit),
      ...limitOf("silenceWarning", limits.silenceWarning),
      ...limitOf("silenceLimit", limits.silenceLimit),
      logCap: BigInt(limits.logCap),
      stopGrace: durationFromMs(limits.stopGrace),
      finishGrace: durationFromMs(limits.finishGrace),
    },
  };
}

/** 0 = none, and none is not said. */
function limitOf(name: string, milliseconds: number): object {
  return milliseconds === 0 ? {} : { [name]: durationFromMs(milliseconds) };
}

function encodeCli({ name, model, custom }: Grant["cli"]): MessageInitShape<typeof CliOrderSchema> {
  // A name that nobody knows any more has no adapter; the runner reports it as missing.
  if (custom === null) return { name, model, ...(name === "demo" ? { adapter: { case: "demo", value: {} } } : {}) };
  const { promptBy, outputFormat, outcomePatterns, ...rest } = custom;
  const value = {
    ...rest,
    promptBy: PROMPT_BY[promptBy],
    outputFormat: OUTPUT_FORMATS[outputFormat],
    outcomePatterns: outcomePatterns.map(({ pattern, fault }) => ({ pattern, fault: FAULTS[fault] })),
  };
  return { name, model, adapter: { case: "custom", value } };
}
