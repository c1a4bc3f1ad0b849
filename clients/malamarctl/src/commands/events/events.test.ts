import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addComment, endTurn, startTurn } from "#fake-malamar/play.ts";
import { run, start } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);
const task = () => must(malamar.state.tasks, "t00000000000000000001", "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Malamar");
  await ctl("agent", "create", "Planner", "--cli", "demo");
  await ctl("task", "create", "Work");
});
afterEach(() => malamar.stop());

test("past events are told one line each, and the cursor to go on from", async () => {
  const { state } = malamar;
  endTurn(state, task(), startTurn(state, task(), "Planner"), { comment: "Done\nso far" });
  addComment(state, task(), { kind: ActorKind.USER }, "\u001b[31mThanks");
  malamar.deleteTask(task());
  expect(await ctl("events", "--after", "0")).toEqual({
    code: 0,
    out: `2026-11-20T12:00:00Z  workspace_changed  Malamar
2026-11-20T12:00:00Z  agent_changed      Planner
2026-11-20T12:00:00Z  task_changed       MAL-1  todo  Work
2026-11-20T12:00:00Z  task_changed       MAL-1  in_progress  Work
2026-11-20T12:00:00Z  execution_changed  MAL-1  pass 1, Planner: running
2026-11-20T12:00:00Z  task_changed       MAL-1  in_progress  Work
2026-11-20T12:00:00Z  comment_changed    MAL-1  Planner: Done\\nso far
2026-11-20T12:00:00Z  task_changed       MAL-1  in_progress  Work
2026-11-20T12:00:00Z  execution_changed  MAL-1  pass 1, Planner: finished: comment
2026-11-20T12:00:00Z  comment_changed    MAL-1  user: Thanks
2026-11-20T12:00:00Z  task_changed       MAL-1  in_progress  Work
2026-11-20T12:00:00Z  task_deleted       MAL-1
`,
    err: "cursor: 12\n",
  });
});

test("without --after there is only the cursor", async () => {
  expect(await ctl("events")).toEqual({ code: 0, out: "", err: "cursor: 3\n" });
});

test("as JSON an event is one line, the last one of a batch with the cursor", async () => {
  const lines = (await ctl("events", "--after", "1", "-o", "json")).out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { sequence: "2", type: "EVENT_TYPE_AGENT_CHANGED", agent: { name: "Planner" } },
    { sequence: "3", type: "EVENT_TYPE_TASK_CHANGED", task: { key: "MAL-1" }, cursor: "3" },
  ]);
  expect(lines[0]).not.toContain("cursor");
  expect((await ctl("events", "--after", "2", "-o", "yaml")).out).toMatch(/^---\nsequence: "3"\n/);
  expect((await ctl("events", "--after", "1", "-o", "name")).out).toBe("2\n3\n");
});

test("a cursor that is too old says so", async () => {
  expect(await ctl("events", "--after", "elsewhere")).toMatchObject({
    code: 0,
    out: "some events are too old to be told: read everything again, then go on from here\n",
    err: "cursor: 3\n",
  });
});

test("following tells what happens until interrupted, of one workspace if asked", async () => {
  const program = start(malamar.url, ["events", "-f", "-w", "Malamar"]);
  while (malamar.state.waiters.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await ctl("workspace", "create", "Other");
  await ctl("task", "create", "Second", "-w", "Malamar");
  await program.said("MAL-2");
  malamar.drop();
  await ctl("task", "create", "Third", "-w", "Malamar");
  await program.said("MAL-3");
  program.child.kill("SIGINT");
  expect(await program.ended).toEqual({
    code: 130,
    out: "2026-11-20T12:00:00Z  task_changed       MAL-2  todo  Second\n2026-11-20T12:00:00Z  task_changed       MAL-3  todo  Third\n",
    err: `the connection to ${malamar.url} is lost; trying again until it is back\nconnected again\ncursor: 6\n`,
  });
});
