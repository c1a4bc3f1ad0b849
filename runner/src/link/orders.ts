// What the supervisor says → the runner's own words.
import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { DirectoryMode } from "@malamar/proto/malamar/v1/workspace_pb";
import { OutputFormat, PromptBy, SystemicFault, type CliOrder as WireCli, type Grant } from "@malamar/proto/malamar/runner/v1/order_pb";
import { StopReason } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { StartFailure } from "#errors/start-failure.ts";
import type { Adapter, CustomCli, Fault } from "#clis/cli.ts";
import type { Order } from "#execute/order.ts";
import type { EndCause } from "#execute/report.ts";
import { isSafeName } from "#workdir/safe-name.ts";

const DEFAULT_LOG_CAP = 256 * 1024 * 1024;
const DEFAULT_STOP_GRACE = 5_000;
const DEFAULT_FINISH_GRACE = 15_000;

/** Throws when the grant lacks what no execution can do without. */
export function toOrder(grant: Grant): Order {
  const { input, cli, limits } = grant;
  // Both become names of folders.
  for (const id of [grant.executionId, grant.taskId]) if (!isSafeName(id)) throw new Error(`"${id}" cannot be an id`);
  if (input === undefined) throw new Error("the grant has no input");
  if (cli === undefined) throw new Error("the grant names no CLI");
  return {
    executionId: grant.executionId,
    fence: grant.fence,
    workspaceId: grant.workspaceId,
    taskId: grant.taskId,
    directory: grant.directoryMode === DirectoryMode.STATIC ? { mode: "static", path: grant.directoryPath } : { mode: "temp" },
    input,
    cli: { name: cli.name, model: cli.model, adapter: toAdapter(cli) },
    limits: {
      time: limitOf(limits?.timeLimit),
      silenceWarning: limitOf(limits?.silenceWarning),
      silence: limitOf(limits?.silenceLimit),
      logCap: Number(limits?.logCap ?? 0n) || DEFAULT_LOG_CAP,
      stopGrace: graceOf(limits?.stopGrace, DEFAULT_STOP_GRACE),
      finishGrace: graceOf(limits?.finishGrace, DEFAULT_FINISH_GRACE),
    },
  };
}

function toAdapter({ name, adapter }: WireCli): Adapter {
  switch (adapter.case) {
    case "demo":
      return { kind: "demo" };
    case "custom": {
      const { command, successPattern, outcomePatterns, env, envPass, promptBy, outputFormat } = adapter.value;
      return {
        kind: "custom",
        command,
        successPattern,
        env,
        envPass,
        promptBy: PROMPT_BY[promptBy] ?? "stdin",
        outputFormat: outputFormat === OutputFormat.JSON_LINES ? "json_lines" : "text",
        outcomePatterns: outcomePatterns.flatMap(({ pattern, fault }) => {
          const known = FAULTS[fault];
          return known === undefined ? [] : [{ pattern, fault: known }];
        }),
      };
    }
    default:
      throw new StartFailure(
        "cli_missing",
        `This runner knows no CLI named "${name}". Nothing was started; choose another one or update Malamar.`,
      );
  }
}

const PROMPT_BY: Partial<Record<number, CustomCli["promptBy"]>> = {
  [PromptBy.STDIN]: "stdin",
  [PromptBy.ARGUMENT]: "argument",
  [PromptBy.FILE]: "file",
};

const FAULTS: Partial<Record<number, Fault>> = {
  [SystemicFault.AUTH]: "auth",
  [SystemicFault.PROVIDER_UNAVAILABLE]: "provider_unavailable",
  [SystemicFault.RATE_LIMITED]: "rate_limited",
  [SystemicFault.USAGE_LIMIT]: "usage_limit",
};

/** Not set and zero both mean none. */
function limitOf(duration: Duration | undefined): number | null {
  return duration === undefined ? null : durationMs(duration) || null;
}

function graceOf(duration: Duration | undefined, otherwise: number): number {
  return duration === undefined ? otherwise : durationMs(duration);
}

/** A deleted task's execution ends as a cancelled one; nobody will ask why. */
export function stopCause(reason: StopReason): EndCause {
  return reason === StopReason.SUPERVISOR_STOPPING ? "supervisor_stopping" : "cancelled";
}
