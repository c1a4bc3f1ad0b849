import type { ServiceImpl } from "@connectrpc/connect";
import type { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { knownClis } from "#config/cli.ts";
import { liveExecutions } from "#executions/execution-table.ts";
import { DISK } from "#loop/note-disk.ts";
import { listPauses } from "#loop/pause-table.ts";
import { livingRunners } from "#runners/runner-table.ts";
import { type DiskState, diskWords } from "#store/disk-state.ts";
import { encodePause, type ShownPause, time } from "./encode.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { CLI_KIND } from "./wire-words.ts";

export function systemService({
  deps,
  config,
  registry,
  disk,
  installation,
}: Pick<ServiceDeps, "deps" | "config" | "registry" | "disk" | "installation">): ServiceImpl<typeof SystemService> {
  return {
    getSystem() {
      const { reader } = deps.store;
      const live = liveExecutions(reader);
      const attached = new Set(registry.attached().map((runner) => runner.id));
      return {
        system: {
          version: installation.version,
          installationId: installation.id,
          startedAt: time(installation.startedAt),
          dataDirectory: config.dataDir,
          clis: knownClis(config).map(({ name, title, kind }) => ({ name, title, kind: CLI_KIND[kind] })),
          pauses: [...machinePauses(disk.state()), ...listPauses(reader)].map(encodePause),
          runners: livingRunners(reader).map(({ id, workspaceIds, pid, startedAt }) => ({
            id,
            workspaceIds,
            pid,
            attached: attached.has(id),
            liveExecutions: live.filter((execution) => execution.runnerId === id).length,
            startedAt: time(startedAt),
          })),
          liveExecutions: live.length,
        },
      };
    },
  };
}

/** Not in the table of pauses: what it is about is that nothing can be written. It ends when there is room, and nobody knows when. */
function machinePauses(disk: DiskState): ShownPause[] {
  if (disk.level === "ok") return [];
  return [{ resource: "machine", resourceId: DISK, cause: "disk_full", detail: diskWords(disk), since: disk.since, until: null }];
}
