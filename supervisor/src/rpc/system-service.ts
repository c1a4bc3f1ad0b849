import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { LiveExecutionSchema, SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { knownClis } from "#config/cli.ts";
import { liveExecutions } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { DISK } from "#loop/note-disk.ts";
import { listPauses } from "#loop/pause-table.ts";
import type { Vitals } from "#runners/registry.ts";
import { livingRunners } from "#runners/runner-table.ts";
import { type DiskState, diskWords } from "#store/disk-state.ts";
import { taskKey } from "#tasks/task.ts";
import { findTask } from "#tasks/task-table.ts";
import { encodePause, type ShownPause, time } from "./encode.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { CLI_KIND, CONTAINMENT, EXECUTION_STATE } from "./wire-words.ts";

export function systemService({
  deps,
  config,
  registry,
  disk,
  installation,
}: Pick<ServiceDeps, "deps" | "config" | "registry" | "disk" | "installation">): ServiceImpl<typeof SystemService> {
  const { reader } = deps.store;

  function runners(live: readonly Execution[]) {
    const attached = new Set(registry.attached().map((runner) => runner.id));
    return livingRunners(reader).map(({ id, workspaceIds, pid, startedAt }) => ({
      id,
      workspaceIds,
      pid,
      attached: attached.has(id),
      liveExecutions: live.filter((execution) => execution.runnerId === id).length,
      startedAt: time(startedAt),
    }));
  }

  return {
    getSystem() {
      const live = liveExecutions(reader);
      return {
        system: {
          version: installation.version,
          installationId: installation.id,
          startedAt: time(installation.startedAt),
          dataDirectory: config.dataDir,
          clis: knownClis(config).map(({ name, title, kind }) => ({ name, title, kind: CLI_KIND[kind] })),
          pauses: [...machinePauses(disk.state()), ...listPauses(reader)].map(encodePause),
          runners: runners(live),
          liveExecutions: live.length,
        },
      };
    },

    listProcesses() {
      const live = liveExecutions(reader).toSorted((a, b) => a.leasedAt - b.leasedAt);
      const executions = live.map((execution) => {
        const task = findTask(reader, execution.taskId);
        return encodeLive(execution, task === undefined ? "" : taskKey(task), registry.vitals(execution.id));
      });
      return { executions, runners: runners(live) };
    },
  };
}

function encodeLive(execution: Execution, taskKey: string, vitals: Vitals | undefined): MessageInitShape<typeof LiveExecutionSchema> {
  const { id, workspaceId, taskId, agentName, cli, pid, startedAt, runnerId } = execution;
  const live: MessageInitShape<typeof LiveExecutionSchema> = {
    executionId: id,
    workspaceId,
    taskId,
    taskKey,
    agentName,
    cli,
    state: EXECUTION_STATE[execution.state],
    containment: CONTAINMENT[execution.containment],
    pid,
    runnerId,
  };
  if (startedAt !== null) live.startedAt = timestampFromMs(startedAt);
  if (vitals !== undefined) live.measuredAt = timestampFromMs(vitals.at);
  if (vitals?.processes != null) live.processes = vitals.processes;
  if (vitals?.memoryBytes != null) live.memoryBytes = BigInt(vitals.memoryBytes);
  return live;
}

/** Not in the table of pauses: what it is about is that nothing can be written. It ends when there is room, and nobody knows when. */
function machinePauses(disk: DiskState): ShownPause[] {
  if (disk.level === "ok") return [];
  return [{ resource: "machine", resourceId: DISK, cause: "disk_full", detail: diskWords(disk), since: disk.since, until: null }];
}
