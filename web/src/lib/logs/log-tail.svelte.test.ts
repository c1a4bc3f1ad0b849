import { createRouterTransport } from "@connectrpc/connect";
import { ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { createMalamar } from "@malamar/sdk";
import { expect, test, vi } from "vitest";
import { MemoryMalamar } from "../../../fixtures/memory-malamar.ts";
import { memoryRoutes } from "../../../fixtures/memory-routes.ts";
import { LogTail } from "./log-tail.svelte.ts";

function house() {
  const malamar = new MemoryMalamar();
  const workspace = malamar.addWorkspace({ title: "Shop" });
  const agent = malamar.addAgent({ workspaceId: workspace.id, name: "Planner" });
  const execution = malamar.addExecution(malamar.addTask({ workspaceId: workspace.id, summary: "Fix it" }), agent);
  const tail = new LogTail(createMalamar({ transport: createRouterTransport(memoryRoutes(malamar)) }).executions, execution.id);
  const write = (...texts: string[]) => texts.forEach((text) => malamar.writeLog(execution.id, text));
  const texts = () => tail.lines.map((line) => line.text);
  return { malamar, execution, tail, write, texts };
}

test("stored lines come first, then live ones, until the log is complete", async () => {
  const { malamar, execution, tail, write, texts } = house();
  write("one", "two");
  const followed = tail.follow(new AbortController().signal);
  await vi.waitFor(() => expect(texts()).toEqual(["one", "two"]));
  write("three");
  await vi.waitFor(() => expect(texts()).toEqual(["one", "two", "three"]));
  execution.state = ExecutionState.ENDED;
  malamar.wake();
  await followed;
  expect(tail.complete).toBe(true);
});

test("after a pause it goes on with the next line, and nothing is there twice", async () => {
  const { malamar, tail, write, texts } = house();
  const looking = new AbortController();
  write("one");
  const followed = tail.follow(looking.signal);
  await vi.waitFor(() => expect(texts()).toEqual(["one"]));
  looking.abort();
  malamar.wake();
  await followed;
  write("two");
  const again = new AbortController();
  void tail.follow(again.signal);
  await vi.waitFor(() => expect(texts()).toEqual(["one", "two"]));
  again.abort();
});

test("of a long log the end is kept, and that something is missing is known", async () => {
  const { tail, write, texts } = house();
  write(...Array.from({ length: 1_500 }, (_, i) => `line ${i + 1}`));
  const looking = new AbortController();
  void tail.follow(looking.signal);
  await vi.waitFor(() => expect(texts().at(-1)).toBe("line 1500"));
  write("line 1501");
  await vi.waitFor(() => expect(texts().at(-1)).toBe("line 1501"));
  expect(texts()).toHaveLength(1_000);
  expect(tail.cut).toBe(true);
  looking.abort();
});
