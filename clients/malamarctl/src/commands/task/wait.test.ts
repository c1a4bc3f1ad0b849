import { create } from "@bufbuild/protobuf";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskAttention, TaskResolution, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { ExplanationSchema, WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeTask, endTurn, startTurn, toReview } from "#fake-malamar/play.ts";
import { run, start } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const task = () => must(malamar.state.tasks, "t00000000000000000001", "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await run(malamar.url, ["workspace", "create", "Malamar"]);
});
afterEach(() => malamar.stop());

/** Plays the agents' part once somebody waits for the task: then it has been read, and the question why it does not run was asked. */
async function onceAwaited(play: () => void | Promise<void>): Promise<void> {
  const isAwaited = () => malamar.state.requests.some(({ method }) => method === "ExplainTask");
  while (!isAwaited()) await new Promise((resolve) => setTimeout(resolve, 5));
  await play();
}

test("waiting tells each step once on stderr, and the end on stdout", async () => {
  const [ran] = await Promise.all([
    run(malamar.url, ["task", "create", "Write the guide", "--wait"]),
    onceAwaited(() => {
      const { state } = malamar;
      endTurn(state, task(), startTurn(state, task(), "Planner"), { comment: "Here is a plan.\nIn two lines." });
      endTurn(state, task(), startTurn(state, task(), "Reviewer"), {
        outcome: ExecutionOutcome.BAD_OUTPUT,
        detail: "The answer is not JSON.",
      });
      endTurn(state, task(), startTurn(state, task(), "Reviewer", 2), "skip");
      toReview(state, task(), TaskAttention.CONVERGED);
    }),
  ]);
  expect(ran).toEqual({
    code: 0,
    out: "MAL-1 is in_review (converged).\n",
    err: `MAL-1 created: Write the guide
pass 1, Planner: working (execution e00000000000000000001)
Planner says: Here is a plan.
pass 1, Planner: finished: comment
pass 1, Reviewer: working (execution e00000000000000000002)
pass 1, Reviewer: bad_output – The answer is not JSON.
pass 2, Reviewer: working (execution e00000000000000000003)
pass 2, Reviewer: finished: skip
`,
  });
});

test("a question of an agent is a good end; with -q and -o json only the task is printed", async () => {
  const [ran] = await Promise.all([
    run(malamar.url, ["task", "create", "Paint", "--wait", "-q", "-o", "json"]),
    onceAwaited(() => toReview(malamar.state, task(), TaskAttention.QUESTION, "Which colour?")),
  ]);
  expect(ran).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(ran.out)).toMatchObject({ key: "MAL-1", status: "TASK_STATUS_IN_REVIEW", attention: "TASK_ATTENTION_QUESTION" });
});

test.each([
  [TaskAttention.ERROR, "in_review (error)", "Planner failed five times in a row."],
  [TaskAttention.CANCELLED, "in_review (cancelled)", ""],
  [TaskAttention.LIMIT, "in_review (limit)", "The time limit is reached."],
])("attention %i ends the wait with its own exit code", async (attention, state, detail) => {
  for (const until of ["in_review", "done"]) {
    await run(malamar.url, ["task", "create", "Work"]);
    const [ran] = await Promise.all([
      run(malamar.url, ["task", "wait", "MAL-1", "--until", until]),
      Promise.resolve(toReview(malamar.state, task(), attention, detail)),
    ]);
    expect(ran).toEqual({
      code: 7,
      out: `MAL-1 is ${state}.\n`,
      err: `malamarctl: MAL-1 needs a person: ${detail === "" ? state : detail}\n`,
    });
  }
});

test("--until done goes on after review until a person is done with it", async () => {
  let wasInReview = false;
  const [ran] = await Promise.all([
    run(malamar.url, ["task", "create", "Work", "--wait", "--until", "done"]),
    onceAwaited(async () => {
      toReview(malamar.state, task(), TaskAttention.CONVERGED);
      await new Promise((resolve) => setTimeout(resolve, 100));
      wasInReview = true;
      changeTask(malamar.state, task(), { status: TaskStatus.DONE, attention: TaskAttention.NONE, resolution: TaskResolution.COMPLETED });
    }),
  ]);
  expect(ran).toMatchObject({ code: 0, out: "MAL-1 is done.\n" });
  expect(wasInReview).toBe(true);
});

test("a task that is there already is not waited for", async () => {
  await run(malamar.url, ["task", "create", "Work"]);
  toReview(malamar.state, task(), TaskAttention.CONVERGED);
  expect(await run(malamar.url, ["task", "wait", "mal-1"])).toEqual({ code: 0, out: "MAL-1 is in_review (converged).\n", err: "" });
});

test("a wait that takes too long ends with its own exit code and leaves the task alone", async () => {
  const ran = await run(malamar.url, ["task", "create", "Work", "--wait", "--timeout", "1s"]);
  expect(ran).toEqual({
    code: 6,
    out: "",
    err: "MAL-1 created: Work\nmalamarctl: not there after 1 seconds\nMAL-1 goes on; look with: malamarctl task get MAL-1\n",
  });
  expect(task().status).toBe(TaskStatus.TODO);
});

test("why nothing happens is said once", async () => {
  await run(malamar.url, ["task", "create", "Work"]);
  const sentence = "The CLI claude is not logged in; run claude once.";
  malamar.state.explanations.set(task().id, create(ExplanationSchema, { reason: WaitReason.CLI_PAUSED, sentence }));
  const ran = await run(malamar.url, ["task", "wait", "MAL-1", "--timeout", "1s"]);
  expect(ran.err.split("\n")[0]).toBe(`MAL-1: ${sentence}`);
  expect(ran.err.split(sentence)).toHaveLength(2);
});

test("a broken connection is said, and nothing that happened meanwhile is missed", async () => {
  await run(malamar.url, ["task", "create", "Work"]);
  const [ran] = await Promise.all([
    run(malamar.url, ["task", "wait", "MAL-1"]),
    onceAwaited(() => {
      malamar.drop();
      toReview(malamar.state, task(), TaskAttention.CONVERGED);
    }),
  ]);
  expect(ran).toMatchObject({ code: 0, out: "MAL-1 is in_review (converged).\n" });
  expect(ran.err).toBe(`the connection to ${malamar.url} is lost; trying again until it is back\nconnected again\n`);
});

test("a task that is deleted meanwhile ends the wait as not found", async () => {
  await run(malamar.url, ["task", "create", "Work"]);
  const [ran] = await Promise.all([run(malamar.url, ["task", "wait", "MAL-1"]), onceAwaited(() => malamar.deleteTask(task()))]);
  expect(ran).toEqual({ code: 3, out: "", err: "malamarctl: MAL-1 was deleted while we waited for it\n" });
});

test("Ctrl-C leaves the task alone and says so", async () => {
  const program = start(malamar.url, ["task", "create", "Work", "--wait"]);
  await program.said("MAL-1 created");
  program.child.kill("SIGINT");
  expect(await program.ended).toEqual({
    code: 130,
    out: "",
    err: "MAL-1 created: Work\nmalamarctl: stopped waiting\nMAL-1 goes on; look with: malamarctl task get MAL-1\n",
  });
  expect(task().status).toBe(TaskStatus.TODO);
});
