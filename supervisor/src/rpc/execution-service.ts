import type { ServiceImpl } from "@connectrpc/connect";
import type { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { notFound } from "#errors/problem.ts";
import { findExecution, listExecutions } from "#executions/execution-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { readId, refuse } from "./decode.ts";
import { encodeExecution } from "./encode.ts";
import { cutPage, readPageSize, readPageToken, writePageToken } from "./page-token.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { foundWorkspace } from "./workspace-service.ts";

export type TailLog = ServiceImpl<typeof ExecutionService>["tailLog"];

export function executionService({
  deps,
  tailLog,
}: Pick<ServiceDeps, "deps"> & { tailLog: TailLog }): ServiceImpl<typeof ExecutionService> {
  const { store } = deps;
  return {
    getExecution({ id }) {
      const execution = findExecution(store.reader, readId("id", id));
      if (execution === undefined) throw notFound("execution", id);
      return { execution: encodeExecution(execution) };
    },

    listExecutions({ workspaceId, taskId, pageSize, pageToken }) {
      if ((workspaceId === "") === (taskId === "")) refuse("taskId", "must be given, or workspaceId instead of it, not both");
      const of =
        taskId === ""
          ? { workspaceId: foundWorkspace(store.reader, readId("workspaceId", workspaceId)).id }
          : { taskId: readId("taskId", taskId) };
      if (of.taskId !== undefined && findTask(store.reader, of.taskId) === undefined) throw notFound("task", taskId);
      const limit = readPageSize(pageSize);
      const list = `executions of ${workspaceId}${taskId}`;
      const place = readPageToken(list, pageToken, ["number"]);
      const rows = listExecutions(store.reader, { ...of, limit: limit + 1, ...(place && { beforeSeq: place[0] }) });
      const { page, nextPageToken } = cutPage(rows, limit, (last) => writePageToken(list, last.seq));
      return { executions: page.map(encodeExecution), nextPageToken };
    },

    tailLog(request, context) {
      readId("executionId", request.executionId);
      return tailLog(request, context);
    },
  };
}
