import { createRouterTransport } from "@connectrpc/connect";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { createMalamar } from "@malamar/sdk";
import { expect, test } from "vitest";
import { MemoryMalamar } from "../../../fixtures/memory-malamar.ts";
import { memoryRoutes } from "../../../fixtures/memory-routes.ts";
import { Thread } from "./thread.svelte.ts";

function house() {
  const malamar = new MemoryMalamar();
  const workspace = malamar.addWorkspace({ title: "Shop" });
  const agent = malamar.addAgent({ workspaceId: workspace.id, name: "Planner" });
  const task = malamar.addTask({ workspaceId: workspace.id, summary: "Fix it", passNumber: 1, runNumber: 1 });
  const other = malamar.addTask({ workspaceId: workspace.id, summary: "Something else" });
  const thread = new Thread(createMalamar({ transport: createRouterTransport(memoryRoutes(malamar)) }), task.id);
  const tell = () => thread.apply(malamar.events.map((event) => malamar.present(event)));
  const kinds = () => thread.entries.map((entry) => entry.kind);
  return { malamar, agent, task, other, thread, tell, kinds };
}

test("a live step turns into its comment when both come by event", async () => {
  const { malamar, agent, task, thread, tell, kinds } = house();
  await thread.load();
  const execution = malamar.addExecution(task, agent);
  tell();
  expect(kinds()).toEqual(["pass", "live"]);
  execution.state = ExecutionState.ENDED;
  execution.endedAt = malamar.now();
  malamar.saveExecution(execution);
  malamar.addComment(task, { kind: ActorKind.AGENT, id: agent.id, name: agent.name }, "A plan", execution.id);
  tell();
  expect(kinds()).toEqual(["pass", "comment"]);
});

test("what happens on other tasks does not show", async () => {
  const { malamar, agent, other, thread, tell, kinds } = house();
  await thread.load();
  malamar.addExecution(other, agent);
  malamar.addComment(other, { kind: ActorKind.USER }, "Elsewhere");
  tell();
  expect(kinds()).toEqual([]);
});

test("a comment that was sent is there once, also when its event comes", async () => {
  const { thread, tell, kinds } = house();
  await thread.load();
  await thread.say("Hello", "key");
  expect(kinds()).toEqual(["comment"]);
  tell();
  expect(kinds()).toEqual(["comment"]);
});
