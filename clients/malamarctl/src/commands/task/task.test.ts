import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { TaskAttention } from "@malamar/proto/malamar/v1/task_pb";
import { ExplanationSchema, WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addComment, startTurn, toReview } from "#fake-malamar/play.ts";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must, NOON } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);
const task = (number: number) => must(malamar.state.tasks, `t${String(number).padStart(20, "0")}`, "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Malamar");
});
afterEach(() => malamar.stop());

test("a task is created with every field and shown with what it waits for", async () => {
  const more = ["--description", "Make it **short**.", "--kind", "docs", "--priority", "critical", "--hold", "draft"];
  expect(await ctl("task", "create", "Write the guide", ...more)).toEqual({ code: 0, out: "MAL-1 created: Write the guide\n", err: "" });
  malamar.state.explanations.set(
    task(1).id,
    create(ExplanationSchema, { reason: WaitReason.HELD, sentence: "It is a draft; take the hold away to queue it." }),
  );
  expect((await ctl("task", "get", "mal-1")).out).toBe(`Task       MAL-1  Write the guide
Id         t00000000000000000001
Workspace  w00000000000000000001
Status     todo (draft)
Priority   critical
Kind       docs
Run, pass  never ran
Comments   0
Created    now (2026-11-20T12:00:00Z)
Updated    now (2026-11-20T12:00:00Z)
Version    1
Now        It is a draft; take the hold away to queue it.

Description
Make it **short**.
`);
});

test("the description may come from a file or from standard input", async () => {
  await ctl("task", "create", "One", "--file", "../spec.md");
  await ctl("task", "create", "Two", "--description", "-");
  expect([task(1).description, task(2).description]).toEqual(["content of /home/spec.md", "from stdin"]);
});

test("tasks are listed with what matters, also in a narrow terminal", async () => {
  await ctl("task", "create", "A task with a summary that is much too long for a narrow terminal window");
  await ctl("task", "create", "Second");
  await ctl("task", "prioritise", "MAL-2");
  startTurn(malamar.state, task(1), "Planner", 2);
  toReview(malamar.state, task(2), TaskAttention.QUESTION, "Which colour?");
  addComment(malamar.state, task(2), { kind: ActorKind.AGENT, name: "Planner" }, "Which colour?");
  expect((await ctl("task", "list")).out).toBe(
    `KEY    STATUS                PRIORITY        PASS  COMMENTS  UPDATED  SUMMARY
MAL-2  in_review (question)  normal, pinned               1  now      Second
MAL-1  in_progress           normal             2         0  now      A task with a summary that is much too long for a narrow terminal window
`,
  );
  expect((await run(malamar.url, ["task", "list"], { columns: 80 })).out).toBe(
    `KEY    STATUS                UPDATED  SUMMARY
MAL-2  in_review (question)  now      Second
MAL-1  in_progress           now      A task with a summary that is much too lo…
`,
  );
  expect((await run(malamar.url, ["task", "list", "-s", "in-review"], { colour: true })).out).toContain(
    "\u001b[33min_review (question)\u001b[39m",
  );
  expect((await ctl("task", "list", "--status", "todo,done", "-o", "name")).out).toBe("");
  expect((await ctl("task", "list", "--status", "IN_PROGRESS,in_review", "-o", "name")).out).toBe("MAL-2\nMAL-1\n");
});

test("a long list says that there is more", async () => {
  for (let index = 0; index < 3; index += 1) await ctl("task", "create", `Task ${index}`);
  expect(await ctl("task", "list", "-n", "2", "-o", "table")).toMatchObject({ err: "These are the latest 2; --limit 0 shows all.\n" });
  expect((await ctl("task", "list", "-n", "2", "-o", "name")).out).toBe("MAL-3\nMAL-2\n");
  expect((await ctl("task", "list", "-n", "3")).err).toBe("");
});

test("an unknown word is refused with the words there are", async () => {
  const { code, err } = await ctl("task", "list", "--status", "doing");
  expect(code).toBe(2);
  expect(err).toContain("Allowed words are todo, in_progress, in_review, done.");
});

test("an update names exactly the fields that were given", async () => {
  await ctl("task", "create", "Old", "--hold", "draft");
  expect((await ctl("task", "update", "MAL-1", "--summary", "New", "--hold", "none", "--priority", "low")).out).toBe(
    "MAL-1 changed: summary, priority, hold\n",
  );
  await ctl("task", "update", task(1).id, "--description", "", "--kind", "docs", "--expected-version", "2");
  expect(task(1)).toMatchObject({ summary: "New", description: "", kind: "docs", priority: 1, hold: 1 });
});

test("a task is moved, restarted, pinned and unpinned, in the words of the product", async () => {
  await ctl("task", "create", "Work");
  expect((await ctl("task", "move", "MAL-1", "in-review")).out).toBe("MAL-1 is in_review.\n");
  expect((await ctl("task", "move", "MAL-1", "done", "--resolution", "wont_do")).out).toBe("MAL-1 is done.\n");
  expect(task(1).resolution).toBe(3);
  expect((await ctl("task", "restart", "MAL-1")).out).toBe("MAL-1 starts again: todo.\n");
  expect((await ctl("task", "prioritise", "MAL-1")).out).toBe("MAL-1 goes first.\n");
  expect((await ctl("task", "prioritize", "MAL-1", "--unpin")).out).toBe("MAL-1 is not pinned any more.\n");
  expect(await ctl("task", "move", "MAL-1", "todo", "--resolution", "duplicate")).toMatchObject({
    code: 2,
    err: "malamarctl: --resolution goes with done only\nLeave it out.\n",
  });
});

test("cancelling says that it is under way, and is refused where there is nothing to cancel", async () => {
  await ctl("task", "create", "Work");
  expect(await ctl("task", "cancel", "MAL-1")).toEqual({
    code: 4,
    out: "",
    err: "malamarctl: MAL-1 is not in progress.\nOnly a task in progress can be cancelled.\n",
  });
  startTurn(malamar.state, task(1), "Planner");
  expect((await ctl("task", "cancel", "MAL-1")).out).toBe("MAL-1 is in_progress (cancelling).\n");
});

test("deleting a running task says that it takes a moment", async () => {
  await ctl("task", "create", "Runs");
  await ctl("task", "create", "Waits");
  startTurn(malamar.state, task(1), "Planner");
  expect((await ctl("task", "delete", "MAL-1")).out).toBe(
    "MAL-1 is being stopped; it disappears as soon as its processes are proven dead.\n",
  );
  expect((await ctl("task", "delete", "MAL-2")).out).toBe("MAL-2 deleted.\n");
  expect(await ctl("task", "get", "MAL-2")).toEqual({
    code: 3,
    out: "",
    err: 'malamarctl: There is no task "MAL-2".\nList the tasks to find it.\n',
  });
});

test("explaining tells the sentence, since when, until when and behind whom", async () => {
  await ctl("task", "create", "First");
  await ctl("task", "create", "Second");
  const facts = {
    since: timestampFromMs(NOON - 60_000),
    until: timestampFromMs(NOON + 7_200_000),
    queuePosition: 1,
    blockingTaskId: task(1).id,
  };
  malamar.state.explanations.set(
    task(2).id,
    create(ExplanationSchema, { reason: WaitReason.SLOT_TAKEN, sentence: "MAL-1 has the slot.", ...facts }),
  );
  expect((await ctl("task", "explain", "MAL-2")).out).toBe(`MAL-2     MAL-1 has the slot.
Reason    slot_taken
Since     1m ago (2026-11-20T11:59:00Z)
Until     in 2h (2026-11-20T14:00:00Z)
Behind    MAL-1 First
In front  1 task
`);
  expect((await ctl("task", "explain", "MAL-2", "-o", "name")).out).toBe("slot_taken\n");
  expect(JSON.parse((await ctl("task", "explain", "MAL-2", "-o", "json")).out)).toMatchObject({ reason: "WAIT_REASON_SLOT_TAKEN" });
});

test("refused input names each field on its own line", async () => {
  expect(await ctl("task", "create", " ")).toEqual({
    code: 2,
    out: "",
    err: "malamarctl: The task was not created.\n  summary: must not be empty\nCorrect the fields and try again.\n",
  });
});

test("comments are read like a conversation, and added from anywhere", async () => {
  await ctl("task", "create", "Work");
  addComment(malamar.state, task(1), { kind: ActorKind.AGENT, name: "Planner" }, "A plan:\n1. \u001b[2Jread\n2. write");
  expect(await ctl("comment", "add", "MAL-1", "Please hurry.")).toEqual({ code: 0, out: "Comment added to MAL-1.\n", err: "" });
  await ctl("comment", "add", "MAL-1", "-");
  await ctl("comment", "add", task(1).id, "--file", "c.md");
  await ctl("comment", "add", "MAL-1", "--", "- a list");
  expect((await ctl("comment", "list", "MAL-1")).out).toBe(`Planner, now (2026-11-20T12:00:00Z)
A plan:
1. read
2. write

user, now (2026-11-20T12:00:00Z)
Please hurry.

user, now (2026-11-20T12:00:00Z)
from stdin

user, now (2026-11-20T12:00:00Z)
content of /home/me/c.md

user, now (2026-11-20T12:00:00Z)
- a list
`);
  expect((await ctl("comment", "list", "MAL-1", "--last", "1", "-o", "name")).out).toBe("c00000000000000000005\n");
  expect(await ctl("comment", "add", "MAL-1")).toMatchObject({ code: 2 });
});

test("text that begins with a dash is refused with the way to give it", async () => {
  const { code, err } = await ctl("comment", "add", "MAL-1", "- a list");
  expect(code).toBe(2);
  expect(err).toContain('Text that begins with "-" goes after "--".');
});

test("every create carries an idempotency key, the given one or a fresh one", async () => {
  await ctl("task", "create", "Once", "--idempotency-key", "k1");
  expect((await ctl("task", "create", "Once", "--idempotency-key", "k1")).out).toBe("MAL-1 created: Once\n");
  await ctl("task", "create", "Again");
  const keys = malamar.state.requests.filter(({ method }) => method === "CreateTask").map(({ message }) => message["idempotencyKey"]);
  expect(keys).toEqual(["k1", "k1", expect.stringMatching(/^key-/)]);
  expect(malamar.state.tasks.size).toBe(2);
});
