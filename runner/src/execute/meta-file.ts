// meta.json: what an audit wants to know about an execution, and no secret.
import { complain } from "#errors/complain.ts";
import { codeOf } from "#errors/start-failure.ts";
import type { CliExit, CliLaunch, CliProcess } from "#process/spawn-cli.ts";
import { overwrite, writePrivate, type ExecutionFolder } from "#workdir/execution-folder.ts";
import { maskSecrets, secretValues } from "#workdir/mask-secrets.ts";
import type { Order } from "./order.ts";
import type { Workshop } from "./prepare.ts";

export interface MetaFile {
  /** Adds how it ended. */
  end: (facts: { cause: string; exit: CliExit | null; endedAt: number; killed: number }) => void;
}

export function writeMeta(
  folder: ExecutionFolder,
  order: Order,
  workshop: Workshop,
  launch: CliLaunch,
  cli: CliProcess,
  startedAt: number,
): MetaFile {
  const start = {
    execution_id: order.executionId,
    fence: order.fence.toString(),
    runner_id: workshop.runnerId,
    workspace_id: order.workspaceId,
    task_id: order.taskId,
    cli: order.cli.name,
    model: order.cli.model,
    argv: maskSecrets([launch.program, ...launch.args], secretValues(launch.env)),
    directory: launch.directory,
    environment: Object.keys(launch.env).toSorted(),
    limits: order.limits,
    pid: cli.pid,
    pid_start_ticks: cli.startTicks.toString(),
    containment: cli.enclosure?.level ?? "L0",
    started_at: startedAt,
  };
  writePrivate(folder.meta, text(start));
  return {
    end({ cause, exit, endedAt, killed }) {
      const end = { ended_at: endedAt, cause, exit_code: exit?.code ?? null, signal: exit?.signal ?? "", killed_after_exit: killed };
      try {
        overwrite(folder.meta, text({ ...start, ...end }));
      } catch (error) {
        // The task may have been deleted meanwhile, with its folders.
        if (codeOf(error) !== "ENOENT") complain("The end of an execution could not be noted.", { path: folder.meta, error });
      }
    },
  };
}

function text(meta: object): string {
  return `${JSON.stringify(meta, null, 2)}\n`;
}
