import { LogStream } from "@malamar/proto/malamar/v1/log_pb";
import { TaskAttention } from "@malamar/proto/malamar/v1/task_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endTurn, printLine, startTurn, toReview } from "#fake-malamar/play.ts";
import { run, start } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);
const task = () => must(malamar.state.tasks, "t00000000000000000001", "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Malamar");
  await ctl("task", "create", "Work");
});
afterEach(() => malamar.stop());

function turn(...lines: string[]) {
  const execution = startTurn(malamar.state, task(), "Planner");
  for (const line of lines) printLine(malamar.state, execution, line);
  return execution;
}

test("what was understood is told, the rest is shown as it is", async () => {
  const execution = turn("just a line");
  const entries = (...all: NonNullable<Parameters<typeof printLine>[3]>["entries"] & object) => ({ entries: all });
  const { state } = malamar;
  printLine(state, execution, "{}", entries({ entry: { case: "thinking", value: { text: "Hm.\nWell." } } }));
  printLine(state, execution, "{}", entries({ entry: { case: "message", value: { text: "I will read it.\n" } } }));
  printLine(state, execution, "{}", entries({ entry: { case: "toolCall", value: { id: "1", name: "Bash", input: '{"command":"ls"}' } } }));
  const output = Array.from({ length: 20 }, (_value, index) => `file ${index}`).join("\n");
  printLine(state, execution, "{}", entries({ entry: { case: "toolResult", value: { id: "1", output, isError: false } } }));
  printLine(state, execution, "{}", entries({ entry: { case: "edit", value: { path: "a.ts", diff: "-old\n+new" } } }));
  const items = [
    { text: "read", done: true },
    { text: "write", done: false },
  ];
  printLine(state, execution, "{}", entries({ entry: { case: "plan", value: { items } } }));
  printLine(state, execution, "{}", entries({ entry: { case: "retry", value: { attempt: 2, reason: "overloaded" } } }));
  printLine(state, execution, "{}", entries({ entry: { case: "error", value: { text: "it broke" } } }));
  const usage = { inputTokens: 1200n, outputTokens: 34n, cost: 0.0123 };
  printLine(state, execution, "{}", entries({ entry: { case: "usage", value: usage } }));
  printLine(state, execution, "warning", { stream: LogStream.STDERR });
  printLine(state, execution, "no output for 5 minutes", { stream: LogStream.SYSTEM });
  const { out } = await ctl("logs", execution.id);
  expect(out).toBe(`just a line
~ Hm.
~ Well.
I will read it.
> Bash {"command":"ls"}
  file 0
  file 1
  file 2
  file 3
  file 4
  file 5
  file 6
  file 7
  file 8
  file 9
  file 10
  file 11
  … 8 more lines
> edit a.ts
  -old
  +new
[x] read
[ ] write
retry 2: overloaded
error: it broke
= 1200 tokens in, 34 tokens out, $0.0123
! warning
malamar: no output for 5 minutes
`);
});

test("raw lines come exactly as printed into a pipe, and harmless into a terminal", async () => {
  const execution = turn("\u001b[31mred\u001b[0m");
  printLine(malamar.state, execution, "a long li", { continues: true });
  printLine(malamar.state, execution, "ne");
  expect((await ctl("logs", "--raw", execution.id)).out).toBe("\u001b[31mred\u001b[0m\na long line\n");
  const inTerminal = await run(malamar.url, ["logs", "--raw", execution.id], { columns: 80 });
  expect(inTerminal.out).toBe("red\na long line\n");
});

test("no line can pass for something that Malamar says", async () => {
  const execution = turn("x\rmalamar: all is well\u001b[1A\nmalamar: really");
  expect((await ctl("logs", execution.id)).out).toBe("xmalamar: all is well\\nmalamar: really\n");
});

test("the start can be chosen, with times in front", async () => {
  const execution = turn("one", "two", "three");
  expect((await ctl("logs", execution.id, "--tail", "2")).out).toBe("two\nthree\n");
  expect((await ctl("logs", execution.id, "--after", "2", "-t")).out).toBe("2026-11-20T12:00:00Z three\n");
  expect((await ctl("logs", execution.id, "--tail", "1", "--after", "1")).code).toBe(2);
});

test("as JSON a log is one line of JSON per line", async () => {
  const execution = turn("one", "\u009b31mtwo");
  const lines = (await ctl("logs", execution.id, "-o", "json")).out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { number: "1", stream: "LOG_STREAM_STDOUT", text: "one" },
    { number: "2", text: "\u009b31mtwo" },
  ]);
  expect(lines[1]).toContain("\\u009b");
});

test("a task stands for its live or latest execution", async () => {
  expect(await ctl("logs", "MAL-1")).toEqual({ code: 0, out: "", err: "MAL-1 has not been worked on yet.\n" });
  endTurn(malamar.state, task(), turn("first"), "skip");
  turn("second");
  const head = "MAL-1, run 1, pass 1, Planner (execution e00000000000000000002)\n";
  expect(await ctl("logs", "mal-1")).toEqual({ code: 0, out: "second\n", err: head });
  expect((await ctl("logs", task().id, "-q")).out).toBe("second\n");
  expect(await ctl("logs", "t99999999999999999999")).toMatchObject({ code: 3, err: expect.stringContaining("There is no task") });
});

test("following a task goes on to its next executions and ends when it is at rest", async () => {
  const first = turn("one");
  const program = start(malamar.url, ["logs", "-f", "MAL-1"]);
  await program.said("one");
  printLine(malamar.state, first, "two");
  await program.said("two");
  endTurn(malamar.state, task(), first, "skip");
  const second = turn("three");
  await program.said("three");
  // Two turns that begin and end before anybody looks are both told, in their order.
  endTurn(malamar.state, task(), second, "skip");
  for (const text of ["four", "five"]) endTurn(malamar.state, task(), turn(text), "skip");
  await program.said("five");
  toReview(malamar.state, task(), TaskAttention.CONVERGED);
  expect(await program.ended).toEqual({
    code: 0,
    out: "one\ntwo\nthree\nfour\nfive\n",
    err: `MAL-1, run 1, pass 1, Planner (execution e00000000000000000001)
MAL-1, run 1, pass 1, Planner (execution e00000000000000000002)
MAL-1, run 1, pass 1, Planner (execution e00000000000000000003)
MAL-1, run 1, pass 1, Planner (execution e00000000000000000004)
MAL-1 is at rest: nothing of it runs or waits.
`,
  });
});

test("the chosen start is that of the first log only", async () => {
  const first = turn("one", "two");
  const program = start(malamar.url, ["logs", "-f", "--tail", "1", "MAL-1"]);
  await program.said("two");
  endTurn(malamar.state, task(), first, "skip");
  endTurn(malamar.state, task(), turn("three", "four"), "skip");
  toReview(malamar.state, task(), TaskAttention.CONVERGED);
  expect(await program.ended).toMatchObject({ code: 0, out: "two\nthree\nfour\n" });
});

test("following waits for the first execution of a task that is queued", async () => {
  const program = start(malamar.url, ["logs", "-f", "MAL-1"]);
  while (malamar.state.waiters.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  endTurn(malamar.state, task(), turn("at last"), "skip");
  toReview(malamar.state, task(), TaskAttention.CONVERGED);
  expect(await program.ended).toMatchObject({ code: 0, out: "at last\n" });
});

test("a broken connection costs no line and repeats none", async () => {
  const execution = turn("1");
  const program = start(malamar.url, ["logs", "-f", execution.id]);
  await program.said("1\n");
  malamar.drop();
  printLine(malamar.state, execution, "2");
  await program.said("connected again");
  printLine(malamar.state, execution, "3");
  endTurn(malamar.state, task(), execution, "skip");
  expect(await program.ended).toMatchObject({ code: 0, out: "1\n2\n3\n" });
});

test("Ctrl-C ends following at once", async () => {
  const program = start(malamar.url, ["logs", "-f", turn("1").id]);
  await program.said("1\n");
  program.child.kill("SIGINT");
  expect(await program.ended).toEqual({ code: 130, out: "1\n", err: "" });
});

test("a reader that has seen enough ends the program quietly", async () => {
  const execution = turn(...Array.from({ length: 20_000 }, (_value, index) => `line ${index} ${"x".repeat(100)}`));
  const program = start(malamar.url, ["logs", execution.id]);
  await program.said("line 0 ");
  program.child.stdout.destroy();
  expect(await program.ended).toMatchObject({ code: 0, err: "" });
});
