import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Team");
});
afterEach(() => malamar.stop());

test("agents are added in order and listed", async () => {
  const first = await ctl("agent", "create", "Planner", "--cli", "demo", "--instruction", "Plan it.");
  expect(first).toEqual({ code: 0, out: 'Agent "Planner" added to "Team" at position 1: a00000000000000000001\n', err: "" });
  await ctl("agent", "create", "Reviewer", "--cli", "claude", "--model", "opus", "--file", "role.md", "--disabled");
  expect((await ctl("agent", "list")).out).toBe(`#  NAME      CLI     MODEL  ENABLED  UPDATED  ID
1  Planner   demo           yes      now      a00000000000000000001
2  Reviewer  claude  opus   no       now      a00000000000000000002
`);
  expect((await ctl("agent", "get", "reviewer")).out).toBe(`Name       Reviewer
Id         a00000000000000000002
Workspace  w00000000000000000001
Position   2
CLI        claude
Model      opus
Enabled    no: it is left out of every pass
Created    now (2026-11-20T12:00:00Z)
Updated    now (2026-11-20T12:00:00Z)
Version    1

Instruction
content of /home/me/role.md
`);
});

test("an agent without a CLI is refused with the way to find one", async () => {
  expect(await ctl("agent", "create", "Planner")).toEqual({
    code: 2,
    out: "",
    err: 'malamarctl: an agent needs a CLI: give --cli <name>\n"malamarctl status" lists the ones there are.\n',
  });
});

test("a name that is taken is a conflict", async () => {
  await ctl("agent", "create", "Planner", "--cli", "demo");
  expect(await ctl("agent", "create", "PLANNER", "--cli", "demo")).toEqual({
    code: 4,
    out: "",
    err: 'malamarctl: The workspace has an agent "PLANNER" already.\nChoose another name.\n',
  });
});

test("an update names exactly the fields that were given", async () => {
  await ctl("agent", "create", "Planner", "--cli", "demo", "--instruction", "old");
  const changes = ["--name", "Thinker", "--cli", "claude", "--model", "opus", "--disable", "--silence-limit", "1h"];
  expect((await ctl("agent", "update", "planner", ...changes)).out).toBe(
    'Agent "Thinker" changed: name, enabled, cli, model, limits.silence_limit\n',
  );
  await ctl("agent", "update", "thinker", "--enable", "--file", "new.md");
  expect(malamar.state.agents.get("a00000000000000000001")).toMatchObject({
    name: "Thinker",
    instruction: "content of /home/me/new.md",
    enabled: true,
    limits: { silenceLimit: { seconds: 3600n } },
  });
});

test("agents are put into a new order by name or id, all of them", async () => {
  for (const name of ["One", "Two", "Three"]) await ctl("agent", "create", name, "--cli", "demo");
  expect((await ctl("agent", "reorder", "three", "a00000000000000000001", "Two")).out).toBe(`#  NAME   CLI   MODEL  ENABLED  UPDATED  ID
1  Three  demo         yes      now      a00000000000000000003
2  One    demo         yes      now      a00000000000000000001
3  Two    demo         yes      now      a00000000000000000002
`);
  expect(await ctl("agent", "reorder", "Three")).toMatchObject({
    code: 2,
    err: 'malamarctl: the order leaves out "One", "Two"\nName every agent of the workspace once.\n',
  });
});

test("an agent is removed by name", async () => {
  await ctl("agent", "create", "Planner", "--cli", "demo");
  expect((await ctl("agent", "delete", "planner")).out).toBe('Agent "Planner" deleted.\n');
  expect(await ctl("agent", "get", "planner")).toEqual({
    code: 3,
    out: "",
    err: 'malamarctl: the workspace "Team" has no agent "planner"\nIt has no agents yet.\n',
  });
});

test("with several workspaces the command asks for one", async () => {
  await ctl("workspace", "create", "Crew");
  expect(await ctl("agent", "list")).toEqual({
    code: 2,
    out: "",
    err: 'malamarctl: there are 2 workspaces, so say which one with --workspace\nThere are: "Crew", "Team"\n',
  });
  await ctl("agent", "create", "Planner", "-w", "Crew", "--cli", "demo");
  expect((await ctl("agent", "get", "a00000000000000000001", "-o", "name")).out).toBe("a00000000000000000001\n");
});
