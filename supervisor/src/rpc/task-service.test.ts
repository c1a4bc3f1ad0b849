import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import {
  ActivityKind,
  TaskAttention,
  TaskHold,
  TaskPriority,
  TaskResolution,
  TaskStatus,
  TaskStopping,
} from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { beforeEach, expect, test } from "vitest";
import { asksForReview, skip } from "#loop/play.ts";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
beforeEach(() => void (api = openTestApi()));

async function created(summary = "Say hello", more = {}) {
  const { task } = await api.tasks.createTask({ workspaceId: api.play.workspaceId, summary, ...more });
  if (task === undefined) throw new Error("The response holds no task.");
  return task;
}

test("a task is created with sensible defaults and found by id and by key", async () => {
  const task = await created(" Say hello ");
  expect(task).toMatchObject({
    key: "MAL-1",
    number: 1,
    summary: "Say hello",
    kind: "work",
    status: TaskStatus.TODO,
    priority: TaskPriority.NORMAL,
    hold: TaskHold.NONE,
    attention: TaskAttention.NONE,
    resolution: TaskResolution.NONE,
    stopping: TaskStopping.NONE,
    liveExecutionId: "",
  });
  expect(task.doneAt).toBeUndefined();
  for (const id of [task.id, "MAL-1", "mal-1"]) expect((await api.tasks.getTask({ id })).task).toEqual(task);
});

test("what a task cannot be is refused", async () => {
  expect(await refusal(api.tasks.createTask({ workspaceId: api.play.workspaceId, kind: "No" }))).toMatchObject({
    fields: ["summary", "kind"],
  });
  expect(await refusal(api.tasks.createTask({ summary: "x" }))).toMatchObject({ fields: ["workspaceId"] });
  expect(await refusal(api.tasks.createTask({ workspaceId: "a".repeat(21), summary: "x" }))).toMatchObject({ code: "NotFound" });
  expect(await refusal(api.tasks.getTask({ id: "?" }))).toMatchObject({ fields: ["id"] });
  expect(await refusal(api.tasks.getTask({ id: "MAL-9" }))).toMatchObject({ code: "NotFound", reason: "task_not_found" });
});

test("lists filter by workspace and status, and tokens keep to their filter", async () => {
  for (const summary of ["A", "B", "C"]) {
    api.play.deps.pass(1);
    await created(summary);
  }
  await api.tasks.moveTask({ id: "MAL-2", status: TaskStatus.DONE });
  const { workspaceId } = api.play;
  const statuses = [TaskStatus.TODO];
  const first = await api.tasks.listTasks({ workspaceId, statuses, pageSize: 1 });
  const second = await api.tasks.listTasks({ workspaceId, statuses, pageSize: 1, pageToken: first.nextPageToken });
  expect([...first.tasks, ...second.tasks].map((task) => task.summary)).toEqual(["C", "A"]);
  expect(second.nextPageToken).toBe("");
  expect((await api.tasks.listTasks({})).tasks).toHaveLength(3);
  expect(await refusal(api.tasks.listTasks({ pageToken: first.nextPageToken }))).toMatchObject({ fields: ["pageToken"] });
  expect(await refusal(api.tasks.listTasks({ statuses: [0, 77 as TaskStatus] }))).toMatchObject({ fields: ["statuses[0]"] });
  expect(await refusal(api.tasks.listTasks({ workspaceId: "b".repeat(21) }))).toMatchObject({ code: "NotFound" });
});

test.each<[string, object]>([
  ["summary", { summary: "New" }],
  ["description", { description: "New" }],
  ["kind", { kind: "bug" }],
  ["priority", { priority: TaskPriority.CRITICAL }],
  ["hold", { hold: TaskHold.PAUSED }],
])("the mask may name %s", async (path, change) => {
  const { id } = await created();
  const { task } = await api.tasks.updateTask({ task: { id, ...change }, updateMask: { paths: [path] } });
  expect(task).toMatchObject(change);
});

test("the mask may not name the status, which has calls of its own", async () => {
  const { id } = await created();
  const update = (task: object, path: string) => refusal(api.tasks.updateTask({ task: { id, ...task }, updateMask: { paths: [path] } }));
  expect(await update({ status: TaskStatus.DONE }, "status")).toMatchObject({ fields: ["updateMask"] });
  expect(await update({ summary: "" }, "summary")).toMatchObject({ fields: ["task.summary"] });
  expect(await update({}, "priority")).toMatchObject({ fields: ["task.priority"] });
});

test("a person moves a task to done with a resolution and back", async () => {
  const { id } = await created();
  const done = await api.tasks.moveTask({ id, status: TaskStatus.DONE, resolution: TaskResolution.WONT_DO });
  expect(done.task).toMatchObject({ status: TaskStatus.DONE, resolution: TaskResolution.WONT_DO });
  expect(done.task?.doneAt).toBeDefined();
  expect((await api.tasks.moveTask({ id, status: TaskStatus.TODO })).task).toMatchObject({
    status: TaskStatus.TODO,
    resolution: TaskResolution.NONE,
  });
  expect((await api.tasks.moveTask({ id, status: TaskStatus.DONE })).task?.resolution).toBe(TaskResolution.COMPLETED);
  expect(await refusal(api.tasks.moveTask({ id, status: TaskStatus.TODO, resolution: TaskResolution.DUPLICATE }))).toMatchObject({
    fields: ["resolution"],
  });
  expect(await refusal(api.tasks.moveTask({ id, status: TaskStatus.DONE, resolution: TaskResolution.NONE }))).toMatchObject({
    fields: ["resolution"],
  });
  expect(await refusal(api.tasks.moveTask({ id }))).toMatchObject({ fields: ["status"] });
  expect(await refusal(api.tasks.moveTask({ id, status: TaskStatus.IN_PROGRESS }))).toMatchObject({
    code: "FailedPrecondition",
    kind: "wrong_state",
  });
});

test("while an agent works the task names its execution, in lists too", async () => {
  const { id } = await created();
  const execution = api.play.start();
  expect((await api.tasks.getTask({ id })).task).toMatchObject({ status: TaskStatus.IN_PROGRESS, liveExecutionId: execution?.id });
  expect((await api.tasks.listTasks({})).tasks[0]?.liveExecutionId).toBe(execution?.id);
});

test("cancel, restart and delete of a working task wait for its processes and say so", async () => {
  const { id } = await created();
  api.play.start();
  expect((await api.tasks.restartTask({ id })).task?.stopping).toBe(TaskStopping.RESTARTING);
  expect((await api.tasks.deleteTask({ id })).deleted).toBe(false);
  const other = await created("Idle");
  expect(await refusal(api.tasks.cancelTask({ id: other.key }))).toMatchObject({ code: "FailedPrecondition" });
  expect((await api.tasks.deleteTask({ id: other.key })).deleted).toBe(true);
  expect(await refusal(api.tasks.getTask({ id: other.id }))).toMatchObject({ code: "NotFound" });
});

test("a cancelled task says that it is being cancelled", async () => {
  const { id } = await created();
  api.play.start();
  expect((await api.tasks.cancelTask({ id })).task?.stopping).toBe(TaskStopping.CANCELLING);
});

test("a pin goes from one task to the other", async () => {
  const [one, two] = [await created("A"), await created("B")];
  expect((await api.tasks.prioritiseTask({ id: one.id, pinned: true })).task?.pinned).toBe(true);
  await api.tasks.prioritiseTask({ id: two.id, pinned: true });
  expect((await api.tasks.getTask({ id: one.id })).task?.pinned).toBe(false);
});

test("why a task waits is said as a word and as a sentence", async () => {
  const { id } = await created("x", { hold: TaskHold.DRAFT });
  const { explanation } = await api.tasks.explainTask({ id });
  expect(explanation?.reason).toBe(WaitReason.HELD);
  expect(explanation?.sentence).not.toBe("");
  const { task } = await api.tasks.updateTask({ task: { id, hold: TaskHold.NONE }, updateMask: { paths: ["hold"] } });
  api.play.start();
  expect((await api.tasks.explainTask({ id: task?.key ?? "" })).explanation?.reason).toBe(WaitReason.RUNNING);
});

test("comments come in pages, oldest first, with who said them", async () => {
  const { id } = await created();
  for (const content of ["one", "two", "three"]) await api.tasks.createComment({ taskId: "MAL-1", content });
  const first = await api.tasks.listComments({ taskId: id, pageSize: 2 });
  const second = await api.tasks.listComments({ taskId: id, pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.comments, ...second.comments].map((comment) => comment.content)).toEqual(["one", "two", "three"]);
  expect(first.comments[0]?.author).toMatchObject({ kind: ActorKind.USER, id: "" });
  expect((await api.tasks.getTask({ id })).task?.commentCount).toBe(3);
  expect(await refusal(api.tasks.createComment({ taskId: id, content: " " }))).toMatchObject({ fields: ["content"] });
  expect(await refusal(api.tasks.createComment({ taskId: "MAL-9", content: "x" }))).toMatchObject({ code: "NotFound" });
});

test("the history tells of what happened, in order", async () => {
  const { id } = await created();
  api.play.turn(asksForReview);
  const first = await api.tasks.listActivities({ taskId: id, pageSize: 1 });
  expect(first.activities).toMatchObject([{ kind: ActivityKind.TASK_CREATED, taskId: id, actor: { kind: ActorKind.USER } }]);
  const rest = await api.tasks.listActivities({ taskId: id, pageToken: first.nextPageToken });
  expect(rest.activities.map((activity) => activity.kind)).toContain(ActivityKind.AGENT_FINISHED);
  const moved = rest.activities.findLast((activity) => activity.kind === ActivityKind.STATUS_CHANGED);
  expect(moved?.detail).toMatchObject({ from: "in_progress", to: "in_review" });
});

test("a task that everybody skipped waits in review as converged", async () => {
  const { id } = await created();
  while (api.play.turn(skip) !== undefined);
  expect((await api.tasks.getTask({ id })).task).toMatchObject({ status: TaskStatus.IN_REVIEW, attention: TaskAttention.CONVERGED });
});
