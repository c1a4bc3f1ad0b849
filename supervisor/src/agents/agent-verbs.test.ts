import { array, assert, constantFrom, integer, oneof, property, record } from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { eventsAfter, newestEventSeq } from "#events/event-table.ts";
import { openTestStore, type TestDeps } from "#store/open-test-store.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { markDeleting } from "#workspaces/workspace-table.ts";
import { NEW_WORKSPACE } from "#workspaces/workspace.ts";
import { agentsInOrder, findAgent, listAgents } from "./agent-table.ts";
import { NEW_AGENT, type AgentSettings } from "./agent.ts";
import { createAgent, type AgentDeps } from "./create-agent.ts";
import { deleteAgent } from "./delete-agent.ts";
import { reorderAgents } from "./reorder-agents.ts";
import { updateAgent } from "./update-agent.ts";

let deps: TestDeps & AgentDeps;
let workspaceId: string;
beforeEach(() => {
  deps = { ...openTestStore(), cliNames: ["demo", "script"] };
  workspaceId = createWorkspace(deps, { ...NEW_WORKSPACE, title: "Home" }).id;
});

const create = (name: string, settings: Partial<AgentSettings> = {}) =>
  createAgent(deps, workspaceId, { ...NEW_AGENT, name, cli: "demo", ...settings });
const order = () => agentsInOrder(deps.store.reader, workspaceId).map(({ name, position }) => `${position} ${name}`);
const newest = () => newestEventSeq(deps.store.reader);
const eventsSince = (seq: number) => eventsAfter(deps.store.reader, seq, 20).map(({ type, subjectId }) => [type, subjectId]);

test("agents are appended in order, each with its event", () => {
  const before = newest();
  const planner = create(" Planner ");
  const reviewer = create("Reviewer", { limits: { timeLimit: 5, silenceWarning: null, silenceLimit: 0 }, enabled: false, model: "big" });
  expect(order()).toEqual(["1 Planner", "2 Reviewer"]);
  expect(findAgent(deps.store.reader, reviewer.id)).toEqual(reviewer);
  expect(eventsSince(before)).toEqual([
    ["agent_changed", planner.id],
    ["agent_changed", reviewer.id],
  ]);
});

test("a name can be there once per workspace, in whatever case", () => {
  create("Straße");
  const taken = expect.objectContaining({ kind: "conflict", reason: "agent_name_taken" });
  expect(() => create("STRASSE")).toThrow(taken);
  const other = create("Reviewer");
  expect(() => updateAgent(deps, other.id, { name: "strasse" })).toThrow(taken);
  expect(updateAgent(deps, other.id, { name: "REVIEWER" }).name).toBe("REVIEWER");
  workspaceId = createWorkspace(deps, { ...NEW_WORKSPACE, title: "Other" }).id;
  expect(create("Straße").position).toBe(1);
});

test("an update changes what it names and nothing else", () => {
  const agent = create("Planner", { limits: { timeLimit: 1, silenceWarning: 2, silenceLimit: 3 } });
  const before = newest();
  deps.pass(10);
  const changed = updateAgent(deps, agent.id, { cli: "script", limits: { timeLimit: null } }, 1);
  expect(changed).toEqual({
    ...agent,
    cli: "script",
    limits: { timeLimit: null, silenceWarning: 2, silenceLimit: 3 },
    version: 2,
    updatedAt: agent.updatedAt + 10,
  });
  expect(findAgent(deps.store.reader, agent.id)).toEqual(changed);
  expect(eventsSince(before)).toEqual([["agent_changed", agent.id]]);
  expect(updateAgent(deps, agent.id, { cli: "script" })).toEqual(changed);
  expect(() => updateAgent(deps, agent.id, { name: "x" }, 1)).toThrow(expect.objectContaining({ reason: "version_changed" }));
});

test("an agent whose CLI left the configuration can be renamed, but not given another unknown one", () => {
  const { id } = create("Planner", { cli: "script" });
  deps.cliNames = ["demo"];
  expect(updateAgent(deps, id, { name: "Thinker" })).toMatchObject({ name: "Thinker", cli: "script" });
  expect(() => updateAgent(deps, id, { cli: "gone" })).toThrow("cli: must be one of demo");
});

test("deleting closes the gap and tells of everybody who moved", () => {
  const [a, b, c] = [create("A"), create("B"), create("C")];
  const before = newest();
  deleteAgent(deps, b.id);
  expect(order()).toEqual(["1 A", "2 C"]);
  expect([findAgent(deps.store.reader, a.id)?.version, findAgent(deps.store.reader, c.id)?.version]).toEqual([1, 2]);
  expect(eventsSince(before)).toEqual([
    ["agent_deleted", b.id],
    ["agent_changed", c.id],
  ]);
  expect(() => deleteAgent(deps, b.id)).toThrow(expect.objectContaining({ kind: "not_found" }));
});

test("a new order has to name every agent once, or nothing moves", () => {
  const [a, b, c] = [create("A"), create("B"), create("C")];
  expect(reorderAgents(deps, workspaceId, [c.id, a.id, b.id]).map((agent) => agent.name)).toEqual(["C", "A", "B"]);
  expect(order()).toEqual(["1 C", "2 A", "3 B"]);
  const before = newest();
  for (const ids of [[], [a.id, b.id], [a.id, b.id, b.id], [a.id, b.id, c.id, "x"], [a.id, b.id, "x"], [a.id, b.id, c.id, c.id]]) {
    expect(() => reorderAgents(deps, workspaceId, ids)).toThrow(expect.objectContaining({ kind: "invalid", reason: "incomplete_order" }));
  }
  reorderAgents(deps, workspaceId, [c.id, a.id, b.id]);
  expect(eventsSince(before)).toEqual([]);
  expect(() => reorderAgents(deps, "nowhere", [])).toThrow(expect.objectContaining({ kind: "not_found" }));
});

test("whatever is created, deleted and reordered, the order stays 1, 2, 3 …", () => {
  const action = oneof(
    record({ kind: constantFrom("create", "delete"), at: integer({ min: 0, max: 9 }) }),
    record({ kind: constantFrom("rotate"), at: integer({ min: 0, max: 9 }) }),
  );
  assert(
    property(array(action, { maxLength: 25 }), (actions) => {
      workspaceId = createWorkspace(deps, { ...NEW_WORKSPACE, title: "Any" }).id;
      let made = 0;
      for (const { kind, at } of actions) {
        const ids = agentsInOrder(deps.store.reader, workspaceId).map((agent) => agent.id);
        const picked = ids[at % (ids.length || 1)];
        if (kind === "create") create(`Agent ${++made}`);
        else if (kind === "rotate") reorderAgents(deps, workspaceId, [...ids.slice(at), ...ids.slice(0, at)]);
        else if (picked !== undefined) deleteAgent(deps, picked);
      }
      const places = agentsInOrder(deps.store.reader, workspaceId).map((agent) => agent.position);
      return places.every((place, index) => place === index + 1);
    }),
    { numRuns: 40 },
  );
});

test("pages go on after a place", () => {
  for (const name of ["A", "B", "C"]) create(name);
  const names = (afterPosition: number) =>
    listAgents(deps.store.reader, { workspaceId, afterPosition, limit: 2 }).map((agent) => agent.name);
  expect([names(0), names(2), names(3)]).toEqual([["A", "B"], ["C"], []]);
});

test("a workspace that is gone or going takes no agents", () => {
  deps.store.transact((db) => markDeleting(db, workspaceId, 1));
  expect(() => create("A")).toThrow(expect.objectContaining({ reason: "workspace_not_found" }));
});
