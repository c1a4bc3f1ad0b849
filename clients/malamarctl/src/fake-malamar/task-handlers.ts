import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { ProblemKind } from "@malamar/proto/malamar/v1/problem_pb";
import {
  type Task,
  TaskAttention,
  TaskHold,
  TaskPriority,
  TaskResolution,
  TaskSchema,
  TaskStatus,
  TaskStopping,
} from "@malamar/proto/malamar/v1/task_pb";
import { ExplanationSchema, type TaskService, WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { addComment, changeTask, deleteTask } from "./play.ts";
import { applyMask, checkVersion, must, newId, pageOf, problem, type State } from "./state.ts";

export function taskHandlers(state: State): ServiceImpl<typeof TaskService> {
  const byId = (id: string): Task => {
    const task = state.tasks.get(id);
    if (task === undefined)
      throw problem(ProblemKind.NOT_FOUND, "task_not_found", `There is no task "${id}".`, { nextStep: "List the tasks to find it." });
    return task;
  };
  return {
    createTask({ summary, description, kind, priority, hold, workspaceId, idempotencyKey }) {
      const known = state.tasks.get(state.byIdempotencyKey.get(idempotencyKey) ?? "");
      if (known !== undefined) return { task: known };
      if (summary.trim() === "") {
        const violations = [{ field: "summary", description: "must not be empty" }];
        throw problem(ProblemKind.INVALID, "invalid_fields", "The task was not created.", {
          violations,
          nextStep: "Correct the fields and try again.",
        });
      }
      const { prefix } = must(state.workspaces, workspaceId, "workspace");
      const number = [...state.tasks.values()].filter((task) => task.workspaceId === workspaceId).length + 1;
      const task = create(TaskSchema, {
        id: newId("t", state.tasks.size),
        key: `${prefix}-${number}`,
        number,
        workspaceId,
        summary,
        description,
        kind: kind === "" ? "work" : kind,
        status: TaskStatus.TODO,
        priority: priority === TaskPriority.UNSPECIFIED ? TaskPriority.NORMAL : priority,
        hold: hold === TaskHold.UNSPECIFIED ? TaskHold.NONE : hold,
        attention: TaskAttention.NONE,
        resolution: TaskResolution.NONE,
        stopping: TaskStopping.NONE,
        createdAt: timestampFromMs(state.now),
      });
      state.tasks.set(task.id, task);
      state.byIdempotencyKey.set(idempotencyKey, task.id);
      changeTask(state, task, {});
      return { task };
    },
    getTask: ({ id }) => ({ task: [...state.tasks.values()].find(({ key }) => key === id) ?? byId(id) }),
    listTasks(request) {
      const tasks = [...state.tasks.values()]
        .filter(({ workspaceId }) => request.workspaceId === "" || workspaceId === request.workspaceId)
        .filter(({ status }) => request.statuses.length === 0 || request.statuses.includes(status));
      const { items, nextPageToken } = pageOf(tasks.toReversed(), request, 50);
      return { tasks: items, nextPageToken };
    },
    updateTask({ task: changes, updateMask, expectedVersion }) {
      const task = byId(changes?.id ?? "");
      checkVersion(task.version, expectedVersion);
      applyMask(task, changes ?? {}, updateMask?.paths ?? []);
      return { task: changeTask(state, task, {}) };
    },
    deleteTask({ id }) {
      const task = byId(id);
      if (task.liveExecutionId === "") deleteTask(state, task);
      else changeTask(state, task, { stopping: TaskStopping.DELETING });
      return { deleted: task.liveExecutionId === "" };
    },
    moveTask({ id, status, resolution }) {
      const isDone = status === TaskStatus.DONE;
      const given = resolution === TaskResolution.UNSPECIFIED ? TaskResolution.COMPLETED : resolution;
      const task = byId(id);
      return { task: changeTask(state, task, { status, attention: TaskAttention.NONE, resolution: isDone ? given : TaskResolution.NONE }) };
    },
    cancelTask({ id }) {
      const task = byId(id);
      if (task.status !== TaskStatus.IN_PROGRESS) {
        throw problem(ProblemKind.WRONG_STATE, "task_not_running", `${task.key} is not in progress.`, {
          nextStep: "Only a task in progress can be cancelled.",
        });
      }
      return { task: changeTask(state, task, { stopping: TaskStopping.CANCELLING }) };
    },
    restartTask: ({ id }) => ({ task: changeTask(state, byId(id), { status: TaskStatus.TODO, attention: TaskAttention.NONE }) }),
    prioritiseTask: ({ id, pinned }) => ({ task: changeTask(state, byId(id), { pinned }) }),
    explainTask({ id }) {
      const told = state.explanations.get(byId(id).id);
      return { explanation: told ?? create(ExplanationSchema, { reason: WaitReason.STARTING, sentence: "It starts within a moment." }) };
    },
    createComment: ({ taskId, content }) => ({ comment: addComment(state, byId(taskId), { kind: ActorKind.USER }, content) }),
    listComments(request) {
      const { items, nextPageToken } = pageOf(
        state.comments.filter(({ taskId }) => taskId === byId(request.taskId).id),
        request,
        50,
      );
      return { comments: items, nextPageToken };
    },
    listActivities(request) {
      const { items, nextPageToken } = pageOf(
        state.activities.filter(({ taskId }) => taskId === byId(request.taskId).id),
        request,
        50,
      );
      return { activities: items, nextPageToken };
    },
  };
}
