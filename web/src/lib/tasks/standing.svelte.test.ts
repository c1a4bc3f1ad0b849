import { createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { createMalamar } from "@malamar/sdk";
import { expect, test, vi } from "vitest";
import { MemoryMalamar } from "../../../fixtures/memory-malamar.ts";
import { memoryRoutes } from "../../../fixtures/memory-routes.ts";
import { Standing } from "./standing.svelte.ts";

function house(everyMs: number) {
  const malamar = new MemoryMalamar();
  const workspace = malamar.addWorkspace({ title: "Shop" });
  const first = malamar.addTask({ workspaceId: workspace.id, summary: "First", status: TaskStatus.IN_PROGRESS });
  const waiting = malamar.addTask({ workspaceId: workspace.id, summary: "Waits" });
  let asked = 0;
  const count: Interceptor = (next) => (request) => {
    asked += 1;
    return next(request);
  };
  const transport = createRouterTransport(memoryRoutes(malamar), { transport: { interceptors: [count] } });
  const standing = new Standing(createMalamar({ transport }).tasks, waiting, everyMs);
  const tell = () => standing.apply(malamar.events.splice(0).map((event) => malamar.present(event)));
  return { malamar, first, waiting, standing, tell, asked: () => asked };
}

test("a task that waits for another one is explained anew when the other one ends", async () => {
  const { malamar, first, standing, tell } = house(1);
  await standing.load();
  tell();
  expect(standing.explanation).toMatchObject({ reason: WaitReason.SLOT_TAKEN, blockingTaskId: first.id });
  first.status = TaskStatus.DONE;
  malamar.saveTask(first);
  tell();
  await vi.waitFor(() => expect(standing.explanation?.reason).toBe(WaitReason.STARTING));
});

test("many events in a moment are few questions, one of them after the last event", async () => {
  const { malamar, first, standing, tell, asked } = house(100);
  await standing.load();
  for (let i = 0; i < 20; i += 1) {
    malamar.saveTask(first);
    tell();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const before = asked();
  await vi.waitFor(() => expect(asked()).toBe(before + 1));
  expect(asked()).toBeLessThan(8);
});

test("what happens to the task itself is explained at once, however long the pause", async () => {
  const { malamar, first, waiting, standing, tell } = house(60_000);
  await standing.load();
  malamar.saveTask(first);
  tell();
  await new Promise((resolve) => setTimeout(resolve, 30));
  waiting.status = TaskStatus.DONE;
  malamar.saveTask(waiting);
  tell();
  await vi.waitFor(() => expect(standing.explanation?.reason).toBe(WaitReason.DONE));
});

test("what happens in another workspace asks nothing", async () => {
  const { malamar, standing, tell, asked } = house(1);
  await standing.load();
  malamar.events.length = 0;
  malamar.addWorkspace({ title: "Elsewhere" });
  tell();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked()).toBe(1);
});
