import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
beforeEach(() => void (api = openTestApi()));

const list = async (page = {}) => api.agents.listAgents({ workspaceId: api.play.workspaceId, ...page });
const names = async () => (await list()).agents.map(({ name, position }) => `${position} ${name}`);

test("agents are appended, enabled unless it is said otherwise", async () => {
  const { workspaceId } = api.play;
  const { agent } = await api.agents.createAgent({
    workspaceId,
    name: "Reviewer",
    instruction: "Look.",
    cli: "demo",
    limits: { silenceLimit: durationFromMs(5000) },
  });
  expect(agent).toMatchObject({ name: "Reviewer", instruction: "Look.", cli: "demo", enabled: true, position: 3, version: 1n });
  expect(agent?.limits?.silenceLimit).toEqual(durationFromMs(5000));
  expect((await api.agents.getAgent({ id: agent?.id ?? "" })).agent).toEqual(agent);
  expect((await api.agents.createAgent({ workspaceId, name: "Off", cli: "demo", enabled: false })).agent?.enabled).toBe(false);
  expect(await names()).toEqual(["1 Planner", "2 Implementer", "3 Reviewer", "4 Off"]);
});

test("an agent without name or with a CLI nobody knows is refused", async () => {
  const said = await refusal(api.agents.createAgent({ workspaceId: api.play.workspaceId, cli: "claud" }));
  expect(said).toMatchObject({ code: "InvalidArgument", fields: ["name", "cli"] });
  expect(await refusal(api.agents.createAgent({ workspaceId: "x", name: "a", cli: "demo" }))).toMatchObject({ fields: ["workspaceId"] });
  expect(await refusal(api.agents.createAgent({ workspaceId: "a".repeat(21), name: "a", cli: "demo" }))).toMatchObject({
    code: "NotFound",
  });
  expect(await refusal(api.agents.createAgent({ workspaceId: api.play.workspaceId, name: "PLANNER", cli: "demo" }))).toMatchObject({
    code: "AlreadyExists",
    reason: "agent_name_taken",
    fields: ["name"],
  });
});

test.each<[string, object]>([
  ["name", { name: "New" }],
  ["instruction", { instruction: "New" }],
  ["cli", { cli: "demo" }],
  ["model", { model: "big" }],
  ["enabled", { enabled: false }],
  ["limits", { limits: { timeLimit: durationFromMs(7) } }],
  ["limits.time_limit", { limits: { timeLimit: durationFromMs(7) } }],
  ["limits.silence_warning", { limits: { silenceWarning: durationFromMs(7) } }],
  ["limits.silence_limit", { limits: { silenceLimit: durationFromMs(7) } }],
])("the mask may name %s", async (path, change) => {
  const id = (await list()).agents[0]?.id ?? "";
  const { agent } = await api.agents.updateAgent({ agent: { id, ...change }, updateMask: { paths: [path] } });
  expect(agent).toMatchObject(change);
});

test("the mask may not name what only the order can change", async () => {
  const id = (await list()).agents[0]?.id ?? "";
  expect(await refusal(api.agents.updateAgent({ agent: { id, position: 2 }, updateMask: { paths: ["position"] } }))).toMatchObject({
    fields: ["updateMask"],
  });
  const update = api.agents.updateAgent({ agent: { id, name: "x" }, updateMask: { paths: ["name"] }, expectedVersion: 9n });
  expect(await refusal(update)).toMatchObject({ code: "Aborted" });
});

test("reordering and deleting keep the places dense", async () => {
  const { workspaceId } = api.play;
  const [planner, implementer] = (await list()).agents;
  const ids = [implementer?.id ?? "", planner?.id ?? ""];
  expect((await api.agents.reorderAgents({ workspaceId, agentIds: ids })).agents.map((agent) => agent.name)).toEqual([
    "Implementer",
    "Planner",
  ]);
  expect(await refusal(api.agents.reorderAgents({ workspaceId, agentIds: ids.slice(1) }))).toMatchObject({
    reason: "incomplete_order",
    fields: ["agentIds"],
  });
  await api.agents.deleteAgent({ id: implementer?.id ?? "" });
  expect(await names()).toEqual(["1 Planner"]);
  expect(await refusal(api.agents.getAgent({ id: implementer?.id ?? "" }))).toMatchObject({ code: "NotFound" });
});

test("pages lead through the agents in order, and a token belongs to its workspace", async () => {
  const first = await list({ pageSize: 1 });
  const second = await list({ pageSize: 1, pageToken: first.nextPageToken });
  expect([...first.agents, ...second.agents].map((agent) => agent.name)).toEqual(["Planner", "Implementer"]);
  expect(second.nextPageToken).toBe("");
  const other = (await api.workspaces.createWorkspace({ title: "Other" })).workspace?.id ?? "";
  expect(await refusal(api.agents.listAgents({ workspaceId: other, pageToken: first.nextPageToken }))).toMatchObject({
    fields: ["pageToken"],
  });
  expect(await refusal(api.agents.listAgents({ workspaceId: "b".repeat(21) }))).toMatchObject({ code: "NotFound" });
});
