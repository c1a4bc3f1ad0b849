import type { ServiceImpl } from "@connectrpc/connect";
import type { Task as WireTask } from "@malamar/proto/malamar/v1/task_pb";
import { CreateCommentRequestSchema, CreateTaskRequestSchema, type TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { notFound } from "#errors/problem.ts";
import { addComment } from "#loop/add-comment.ts";
import { cancelTask } from "#loop/cancel-task.ts";
import { deleteTask } from "#loop/delete-task.ts";
import { moveTask } from "#loop/move-task.ts";
import { restartTask } from "#loop/restart-task.ts";
import { explainTask } from "#schedule/explain-task.ts";
import { listActivities } from "#tasks/activity-table.ts";
import { findComment, listComments } from "#tasks/comment-table.ts";
import { createTask } from "#tasks/create-task.ts";
import { prioritiseTask } from "#tasks/prioritise-task.ts";
import { findTask, findTaskByKey, listTasks } from "#tasks/task-table.ts";
import type { Task } from "#tasks/task.ts";
import { updateTask, type TaskChanges } from "#tasks/update-task.ts";
import { isId, readId, readVersion, readWord, refuse } from "./decode.ts";
import { encodeActivity, encodeComment, encodeExplanation, encodeTask } from "./encode.ts";
import { readMask, within, type MaskTable } from "./field-mask.ts";
import { createOnce } from "./idempotency.ts";
import { liveExecutionIds } from "./live-execution-ids.ts";
import { cutPage, readPageSize, readPageToken, writePageToken } from "./page-token.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { HOLD, PRIORITY, RESOLUTION, TASK_STATUS } from "./wire-words.ts";
import { foundWorkspace } from "./workspace-service.ts";

const MASK: MaskTable<WireTask, TaskChanges> = {
  summary: ({ summary }, changes) => (changes.summary = summary),
  description: ({ description }, changes) => (changes.description = description),
  kind: ({ kind }, changes) => (changes.kind = kind),
  priority: ({ priority }, changes) => (changes.priority = readWord("task.priority", PRIORITY, priority)),
  hold: ({ hold }, changes) => (changes.hold = readWord("task.hold", HOLD, hold)),
};

export function taskService({
  deps,
  config,
  fleet,
  disk,
}: Pick<ServiceDeps, "deps" | "config" | "fleet" | "disk">): ServiceImpl<typeof TaskService> {
  const { store, now } = deps;

  /** A task by its id, or by its key as people say it. */
  function foundTask(idOrKey: string, field = "id"): Task {
    if (!isId(idOrKey) && !/^[A-Za-z0-9]+-[0-9]+$/.test(idOrKey)) refuse(field, "must be the id of a task or its key, such as MAL-42");
    const task = isId(idOrKey) ? findTask(store.reader, idOrKey) : findTaskByKey(store.reader, idOrKey);
    if (task === undefined) throw notFound("task", idOrKey);
    return task;
  }

  /** A task as the wire has it, once what was done to it is on disk. */
  async function written(task: Task): Promise<{ task: WireTask }> {
    await store.durable();
    return { task: encodeTask(task, liveExecutionIds(store.reader).get(task.id) ?? "") };
  }

  return {
    async createTask(request) {
      const fresh = {
        workspaceId: readId("workspaceId", request.workspaceId),
        summary: request.summary.trim(),
        description: request.description,
        kind: request.kind || "work",
        priority: readWord("priority", PRIORITY, request.priority, "normal"),
        hold: readWord("hold", HOLD, request.hold, "none"),
      };
      const id = createOnce(deps, CreateTaskRequestSchema, request, () => createTask(deps, fresh).id);
      await store.durable();
      return written(foundTask(id));
    },

    getTask: ({ id }) => written(foundTask(id)),

    listTasks({ workspaceId, statuses, pageSize, pageToken }) {
      const { reader } = store;
      const wanted = statuses.map((status, index) => readWord(`statuses[${index}]`, TASK_STATUS, status));
      const workspace = workspaceId === "" ? {} : { workspaceId: foundWorkspace(reader, readId("workspaceId", workspaceId)).id };
      const limit = readPageSize(pageSize);
      const list = `tasks of ${workspaceId} ${[...new Set(wanted)].toSorted().join(" ")}`;
      const place = readPageToken(list, pageToken, ["number", "string"]);
      const before = place && { before: { updatedAt: place[0], id: place[1] } };
      const rows = listTasks(reader, { ...workspace, statuses: wanted, limit: limit + 1, ...before });
      const { page, nextPageToken } = cutPage(rows, limit, (last) => writePageToken(list, last.updatedAt, last.id));
      const live = liveExecutionIds(reader);
      return { tasks: page.map((task) => encodeTask(task, live.get(task.id) ?? "")), nextPageToken };
    },

    async updateTask({ task, updateMask, expectedVersion }) {
      const changes = readMask(updateMask, task, "task", MASK);
      const { id } = foundTask(task?.id ?? "", "task.id");
      return written(within("task", () => updateTask(deps, id, changes, readVersion(expectedVersion))));
    },

    async deleteTask({ id }) {
      const { deleted } = deleteTask(deps, foundTask(id).id);
      await store.durable();
      return { deleted };
    },

    moveTask({ id, status, resolution }) {
      const to = readWord("status", TASK_STATUS, status);
      const as = readWord("resolution", RESOLUTION, resolution, to === "done" ? "completed" : "none");
      if (to === "done" ? as === "none" : as !== "none") refuse("resolution", "goes together with the status done only");
      return written(moveTask(deps, foundTask(id).id, to, as));
    },

    cancelTask: ({ id }) => written(cancelTask(deps, foundTask(id).id)),
    restartTask: ({ id }) => written(restartTask(deps, foundTask(id).id)),
    prioritiseTask: ({ id, pinned }) => written(prioritiseTask(deps, foundTask(id).id, pinned)),

    explainTask({ id }) {
      const view = { now: now(), maxExecutions: config.maxExecutions, disk: disk.state(), runnerState: fleet.state };
      return { explanation: encodeExplanation(explainTask(store.reader, foundTask(id).id, view)) };
    },

    async createComment(request) {
      const taskId = foundTask(request.taskId, "taskId").id;
      const { content } = request;
      const id = createOnce(deps, CreateCommentRequestSchema, request, () => addComment(deps, { taskId, content }).id);
      await store.durable();
      const comment = findComment(store.reader, id);
      if (comment === undefined) throw notFound("comment", id);
      return { comment: encodeComment(comment) };
    },

    listComments({ taskId, pageSize, pageToken }) {
      const { id } = foundTask(taskId, "taskId");
      const limit = readPageSize(pageSize);
      const [afterSeq] = readPageToken(`comments of ${id}`, pageToken, ["number"]) ?? [0];
      const rows = listComments(store.reader, id, afterSeq, limit + 1);
      const { page, nextPageToken } = cutPage(rows, limit, (last) => writePageToken(`comments of ${id}`, last.seq));
      return { comments: page.map(encodeComment), nextPageToken };
    },

    listActivities({ taskId, pageSize, pageToken }) {
      const { id } = foundTask(taskId, "taskId");
      const limit = readPageSize(pageSize);
      const [afterSeq] = readPageToken(`activities of ${id}`, pageToken, ["number"]) ?? [0];
      const rows = listActivities(store.reader, id, afterSeq, limit + 1);
      const { page, nextPageToken } = cutPage(rows, limit, (last) => writePageToken(`activities of ${id}`, last.seq));
      return { activities: page.map(encodeActivity), nextPageToken };
    },
  };
}
