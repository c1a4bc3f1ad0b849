import { beforeEach, expect, test } from "vitest";
import { agentsInOrder } from "#agents/agent-table.ts";
import type { AgentDeps } from "#agents/create-agent.ts";
import { BUILT_IN_CLIS } from "#config/cli.ts";
import { openTestStore } from "#store/open-test-store.ts";
import { listWorkspaces, removeWorkspace } from "#workspaces/workspace-table.ts";
import { createSample } from "./create-sample.ts";
import { chooseCli, SAMPLE_AGENTS, SAMPLE_WORKSPACE } from "./sample-team.ts";

let deps: AgentDeps;
beforeEach(() => void (deps = { ...openTestStore(), cliNames: ["demo"] }));

test("a fresh installation gets the team of four, in order, on the chosen CLI", () => {
  const workspace = createSample(deps, "demo");
  expect(workspace).toMatchObject({ title: "Sample team", prefix: "TEAM" });
  const agents = agentsInOrder(deps.store.reader, workspace?.id ?? "");
  expect(agents.map(({ name, cli, enabled }) => [name, cli, enabled])).toEqual([
    ["Planner", "demo", true],
    ["Implementer", "demo", true],
    ["Reviewer", "demo", true],
    ["Approver", "demo", true],
  ]);
});

test("it is created once and does not come back when it was deleted", () => {
  const workspace = createSample(deps, "demo");
  expect(createSample(deps, "demo")).toBeUndefined();
  deps.store.transact((db) => removeWorkspace(db, workspace?.id ?? ""));
  expect(createSample(deps, "demo")).toBeUndefined();
  expect(listWorkspaces(deps.store.reader, { limit: 9 })).toEqual([]);
});

test("a team that cannot be written whole is not written at all", () => {
  expect(() => createSample(deps, "nowhere")).toThrow("cli: must be one of demo");
  expect(listWorkspaces(deps.store.reader, { limit: 9 })).toEqual([]);
  expect(createSample(deps, "demo")).toBeDefined();
});

test("the first supported CLI that is ready is chosen, else the demo, never one of the configuration", () => {
  const clis = [
    { name: "claude", kind: "built_in" },
    { name: "codex", kind: "built_in" },
    { name: "demo", kind: "demo" },
    { name: "script", kind: "custom" },
  ] as const;
  expect(chooseCli(clis, (name) => name === "codex" || name === "script")).toBe("codex");
  expect(chooseCli(clis, () => true)).toBe("claude");
  expect(chooseCli(clis, (name) => name === "script")).toBe("demo");
});

test("the instructions name no CLI, so that any can follow them", () => {
  const said = [SAMPLE_WORKSPACE.description, ...SAMPLE_AGENTS.map((agent) => agent.instruction)].join(" ").toLowerCase();
  for (const name of BUILT_IN_CLIS) expect(said).not.toContain(name);
});
