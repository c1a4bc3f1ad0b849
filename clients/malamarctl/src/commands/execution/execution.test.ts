import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { LogUsageSchema } from "@malamar/proto/malamar/v1/log_pb";
import { ActivityKind, ActivitySchema } from "@malamar/proto/malamar/v1/task_pb";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endTurn, printLine, startTurn } from "#fake-malamar/play.ts";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must, NOON } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);
const task = () => must(malamar.state.tasks, "t00000000000000000001", "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Malamar");
  await ctl("task", "create", "Work");
});
afterEach(() => malamar.stop());

test("executions are listed newest first, with the task where there are several", async () => {
  const first = startTurn(malamar.state, task(), "Planner");
  first.startedAt = timestampFromMs(NOON - 90_000);
  printLine(malamar.state, first, "hello");
  endTurn(malamar.state, task(), first, { comment: "A plan" });
  endTurn(malamar.state, task(), startTurn(malamar.state, task(), "Reviewer"), {
    outcome: ExecutionOutcome.TIMEOUT,
    detail: "Silent for 30m.",
  });
  startTurn(malamar.state, task(), "Reviewer", 2);
  expect((await ctl("execution", "list", "--task", "MAL-1")).out)
    .toBe(`RUN  PASS  AGENT     CLI   STATE              STARTED   TOOK  LINES  ID
  1     2  Reviewer  demo  running            now       0.0s      0  e00000000000000000003
  1     1  Reviewer  demo  timeout            now       0.0s      0  e00000000000000000002
  1     1  Planner   demo  finished: comment  1m ago   1m30s      1  e00000000000000000001
`);
  expect((await run(malamar.url, ["execution", "list", "-n", "1"], { columns: 80 })).out)
    .toBe(`TASK   RUN  PASS  AGENT     CLI   STATE    STARTED  TOOK  ID
MAL-1    1     2  Reviewer  demo  running  now      0.0s  e00000000000000000003
`);
  expect((await ctl("execution", "list", "-n", "1")).err).toBe("These are the newest 1; --limit 0 shows all.\n");
});

test("one execution is shown with how it ended, what was answered and what it used", async () => {
  const execution = startTurn(malamar.state, task(), "Planner");
  const usage = create(LogUsageSchema, { inputTokens: 1200n, cost: 0.5 });
  Object.assign(execution, { exitCode: 0, pid: 4242, containment: 1, logBytes: 512n, model: "opus", usage });
  endTurn(malamar.state, task(), execution, { comment: "A plan:\n1. read" });
  expect((await ctl("execution", "get", execution.id)).out).toBe(`Execution    e00000000000000000001
Task         t00000000000000000001
Workspace    w00000000000000000001
Agent        Planner
CLI          demo, model opus
Run, pass    1, 1
State        finished: comment
Exit         0
Leased       now (2026-11-20T12:00:00Z)
Started      now (2026-11-20T12:00:00Z)
Ended        now (2026-11-20T12:00:00Z)
Took         0.0s
Containment  L0
Pid          4242
Log          0 lines, 512 bytes
Usage        1200 tokens in, $0.5000

Answered: comment
A plan:
1. read
`);
  expect(await ctl("execution", "get", "e99999999999999999999")).toMatchObject({ code: 3 });
});

test("a task's history is listed with its facts", async () => {
  const actor = { kind: ActorKind.USER };
  const detail = { to: "in_review", from: "in_progress" };
  malamar.state.activities.push(
    create(ActivitySchema, {
      sequence: 1n,
      taskId: task().id,
      kind: ActivityKind.TASK_CREATED,
      actor,
      createdAt: timestampFromMs(NOON - 7_200_000),
    }),
    create(ActivitySchema, {
      sequence: 2n,
      taskId: task().id,
      kind: ActivityKind.STATUS_CHANGED,
      detail,
      createdAt: timestampFromMs(NOON),
    }),
  );
  expect((await ctl("activity", "list", "MAL-1")).out).toBe(`TIME    ACTOR  ACTIVITY        DETAIL
2h ago  user   task_created
now            status_changed  from=in_progress to=in_review
`);
  expect((await ctl("activity", "list", "MAL-1", "--last", "1", "-o", "name")).out).toBe("2\n");
});
