import { clone } from "@bufbuild/protobuf";
import { Code, createRouterTransport } from "@connectrpc/connect";
import { TaskSchema, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { createMalamar } from "@malamar/sdk";
import { flushSync } from "svelte";
import { expect, test } from "vitest";
import { MemoryMalamar, refused } from "../../../fixtures/memory-malamar.ts";
import { memoryRoutes } from "../../../fixtures/memory-routes.ts";
import { Tasks } from "./tasks.svelte.ts";

function house() {
  const malamar = new MemoryMalamar();
  const workspace = malamar.addWorkspace({ title: "Shop" });
  const api = createMalamar({ transport: createRouterTransport(memoryRoutes(malamar)) });
  const tasks = new Tasks(api.tasks);
  /** The events since the last call, as the stream brings them. */
  let told = 0;
  const news = () => {
    const events = malamar.events.slice(told).map((event) => malamar.present(event));
    told = malamar.events.length;
    return events;
  };
  const add = (summary: string, status: TaskStatus = TaskStatus.TODO) => malamar.addTask({ workspaceId: workspace.id, summary, status });
  const shown = () => tasks.groups(workspace.id).map(({ status, tasks: rows }) => [status, ...rows.map((task) => task.summary)]);
  return { malamar, workspace, tasks, news, add, shown };
}

test("the list holds open tasks at once, and done ones when the workspace is opened", async () => {
  const { tasks, add, shown, workspace } = house();
  add("Old", TaskStatus.DONE);
  add("New");
  await tasks.load();
  expect(shown()).toEqual([[TaskStatus.TODO, "New"]]);
  expect(tasks.isOpen(workspace.id)).toBe(false);
  await tasks.open(workspace.id);
  expect(shown()).toEqual([
    [TaskStatus.TODO, "New"],
    [TaskStatus.DONE, "Old"],
  ]);
  expect(tasks.isOpen(workspace.id)).toBe(true);
});

test("an event moves a task to its new group without reading anything", async () => {
  const { malamar, tasks, add, shown, news } = house();
  const task = add("Fix it");
  await tasks.load();
  news();
  task.status = TaskStatus.IN_REVIEW;
  malamar.saveTask(task);
  tasks.apply(news());
  expect(shown()).toEqual([[TaskStatus.IN_REVIEW, "Fix it"]]);
  expect(tasks.inReview).toBe(1);
});

test("a created task comes by event as well, and is there once", async () => {
  const { tasks, shown, news, workspace } = house();
  await tasks.load();
  await tasks.create({ workspaceId: workspace.id, summary: "Fix it", description: "", idempotencyKey: "k" });
  expect(shown()).toEqual([[TaskStatus.TODO, "Fix it"]]);
  tasks.apply(news());
  expect(shown()).toEqual([[TaskStatus.TODO, "Fix it"]]);
});

test("an event that an answer has overtaken does not bring the old row back", async () => {
  const { malamar, tasks, add, shown, news } = house();
  const task = add("Fix it");
  await tasks.load();
  news();
  malamar.saveTask(task);
  const late = news().map((event) => ({ ...event, subject: { case: "task" as const, value: clone(TaskSchema, task) } }));
  await tasks.move(task.id, TaskStatus.DONE);
  tasks.apply(late);
  expect(shown()).toEqual([[TaskStatus.DONE, "Fix it"]]);
});

test("deleted tasks go, and with a workspace all of its tasks", async () => {
  const { malamar, tasks, add, shown, news, workspace } = house();
  const other = malamar.addWorkspace({ title: "Other", prefix: "OTH" });
  malamar.addTask({ workspaceId: other.id, summary: "Stays" });
  const gone = add("Goes");
  add("Goes with its workspace");
  await tasks.load();
  news();
  malamar.deleteTask(gone);
  tasks.apply(news());
  expect(shown()).toEqual([[TaskStatus.TODO, "Goes with its workspace"]]);
  malamar.deleteWorkspace(workspace);
  tasks.apply(news());
  expect(shown()).toEqual([]);
  expect(tasks.of(other.id).map((task) => task.summary)).toEqual(["Stays"]);
});

test("reading again forgets what was deleted while nobody told us, among the done ones too", async () => {
  const { malamar, tasks, add, shown, workspace } = house();
  const open = add("Open");
  const done = add("Done", TaskStatus.DONE);
  await tasks.load();
  await tasks.open(workspace.id);
  malamar.deleteTask(open);
  malamar.deleteTask(done);
  await tasks.load();
  expect(shown()).toEqual([]);
});

test("a list that could not be read keeps what it had and says what to do", async () => {
  const { malamar, tasks, add, shown } = house();
  add("Fix it");
  await tasks.load();
  malamar.failNext = refused(Code.Unavailable, "draining", "Malamar is shutting down.", "Try again in a moment.");
  await tasks.load();
  expect(tasks.problem).toMatchObject({ message: "Malamar is shutting down.", nextStep: "Try again in a moment." });
  expect(shown()).toEqual([[TaskStatus.TODO, "Fix it"]]);
  await tasks.load();
  expect(tasks.problem).toBeUndefined();
});

test("what is drawn from the list is drawn again when an event changes it", async () => {
  const { malamar, tasks, add, shown, news } = house();
  const task = add("Before");
  await tasks.load();
  news();
  const drawn: unknown[] = [];
  const stop = $effect.root(() => {
    $effect(() => void drawn.push(shown()));
  });
  flushSync();
  task.summary = "After";
  malamar.saveTask(task);
  tasks.apply(news());
  flushSync();
  stop();
  expect(drawn).toEqual([[[TaskStatus.TODO, "Before"]], [[TaskStatus.TODO, "After"]]]);
});
