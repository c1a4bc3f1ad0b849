import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { EventService, WatchEventsResponseSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import type { ExecutionService, TailLogResponseSchema } from "@malamar/proto/malamar/v1/execution_service_pb";
import { CliKind, type SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { must, nextChange, pageOf, type State } from "./state.ts";

export function executionHandlers(state: State): ServiceImpl<typeof ExecutionService> {
  return {
    getExecution: ({ id }) => ({ execution: must(state.executions, id, "execution") }),
    listExecutions(request) {
      const executions = [...state.executions.values()].filter(({ workspaceId, taskId }) =>
        request.taskId === "" ? workspaceId === request.workspaceId : taskId === request.taskId,
      );
      const { items, nextPageToken } = pageOf(executions.toReversed(), request, 50);
      return { executions: items, nextPageToken };
    },
    async *tailLog(
      { executionId, afterLine, tailLines, follow },
      { signal },
    ): AsyncGenerator<MessageInitShape<typeof TailLogResponseSchema>> {
      must(state.executions, executionId, "execution");
      const log = must(state.logs, executionId, "execution");
      let sent = tailLines > 0 ? Math.max(0, log.lines.length - tailLines) : Number(afterLine);
      for (;;) {
        const changed = nextChange(state, signal);
        const { complete } = log;
        const lines = log.lines.slice(sent);
        sent = Math.max(sent, log.lines.length);
        if (lines.length > 0 || complete || !follow) yield { lines, lastLine: BigInt(sent), complete };
        if (complete || !follow || signal.aborted) return;
        await changed;
      }
    },
  };
}

export function eventHandlers(state: State): ServiceImpl<typeof EventService> {
  return {
    async *watchEvents({ cursor, workspaceId }, { signal }): AsyncGenerator<MessageInitShape<typeof WatchEventsResponseSchema>> {
      if (workspaceId !== "") must(state.workspaces, workspaceId, "workspace");
      let seen = cursor === "" ? state.events.length : Number(cursor);
      if (Number.isNaN(seen)) {
        seen = state.events.length;
        yield { message: { case: "resync", value: {} }, cursor: String(seen) };
      } else if (seen === state.events.length) {
        yield { message: { case: "heartbeat", value: {} }, cursor: String(seen) };
      }
      while (!signal.aborted) {
        const changed = nextChange(state, signal);
        const events = state.events.slice(seen).filter((event) => workspaceId === "" || event.workspaceId === workspaceId);
        seen = state.events.length;
        if (events.length > 0) yield { message: { case: "batch", value: { events } }, cursor: String(seen) };
        else await changed;
      }
    },
  };
}

export function systemHandlers(state: State): ServiceImpl<typeof SystemService> {
  const runner = { id: "r00000000000000000001", pid: 42, attached: true, liveExecutions: 1 };
  return {
    listProcesses: () => ({ executions: state.processes, runners: [runner] }),
    getSystem: () => ({
      system: {
        version: "9.8.7",
        installationId: "i00000000000000000001",
        startedAt: timestampFromMs(state.now - 3 * 3_600_000),
        dataDirectory: "/home/me/.malamar",
        clis: [
          { name: "demo", title: "Demo", kind: CliKind.DEMO },
          { name: "claude", title: "Claude Code", kind: CliKind.BUILT_IN },
        ],
        pauses: state.pauses,
        runners: [runner],
        liveExecutions: [...state.tasks.values()].filter(({ liveExecutionId }) => liveExecutionId !== "").length,
      },
    }),
  };
}
