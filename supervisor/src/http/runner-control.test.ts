import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { DispositionVerdict, SettledVerdict, StopReason } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { cancelTask } from "#loop/cancel-task.ts";
import { endRunner } from "#runners/end-runner.ts";
import { findRunner } from "#runners/runner-table.ts";
import { openTestRunnerSocket } from "./test-runner-socket.ts";

let open: Awaited<ReturnType<typeof openTestRunnerSocket>>;
beforeEach(async () => {
  open = await openTestRunnerSocket({ helloTimeout: 300 });
});
afterEach(() => open.close());

interface HelloOptions {
  boot?: bigint;
  token?: string;
  protocolVersion?: number;
  held?: { executionId: string; fence: bigint; finished: boolean }[];
}

function hello(id: string, { boot = 1n, token = `secret of ${id}`, protocolVersion = 1, held = [] }: HelloOptions = {}) {
  const control = open.runner.control();
  const value = { runnerId: id, boot, token, protocolVersion, pid: 4711, pidStartTicks: 99n, held };
  control.say({ case: "hello", value });
  return control;
}

async function welcomed(id: string, options: HelloOptions = {}) {
  const control = hello(id, options);
  const message = await control.hear();
  if (message?.case !== "welcome") throw new Error(`not welcome but ${message?.case}`);
  return { control, welcome: message.value };
}

/** A runner that was granted the first step of a new task. */
async function granted(id = "r1") {
  open.register(id);
  const { control } = await welcomed(id);
  const task = open.task();
  control.say({ case: "acquire", value: { requestId: "q1" } });
  await expect.poll(() => open.registry.attached()[0]?.credits).toBe(1);
  const execution = open.lease() as Execution;
  await open.deps.store.durable();
  return { control, task, execution };
}

const present = (execution: Execution) => findExecution(open.deps.store.reader, execution.id) as Execution;

function report(execution: Execution, answer: object, more = {}) {
  return {
    case: "complete" as const,
    value: {
      executionId: execution.id,
      fence: BigInt(execution.fence),
      cause: EndCause.EXITED,
      exitCode: 0,
      answerState: AnswerState.PRESENT,
      answer: new TextEncoder().encode(JSON.stringify(answer)),
      endedAt: timestampFromMs(1_700_000_000_000),
      ...more,
    },
  };
}

const skip = { actions: [{ type: "skip" }] };

test("Hello with the launcher's token is welcomed and remembered", async () => {
  open.register("r1");
  const { welcome } = await welcomed("r1");
  expect(welcome).toMatchObject({ epoch: 7n, workspaceIds: [open.workspaceId], dispositions: [] });
  expect(Number(welcome.renewInterval?.seconds)).toBe(10);
  expect(open.registry.carrierOf(open.workspaceId)).toBe("r1");
  expect(findRunner(open.deps.store.reader, "r1")).toMatchObject({ boot: 1, pid: 4711, pidStartTicks: 99 });
});

test("a wrong token and an unknown runner are refused with the same words", async () => {
  open.register("r1");
  await expect(hello("r1", { token: "guess" }).hear()).rejects.toThrow("did not launch a runner with this id and token");
  await expect(hello("r2").hear()).rejects.toThrow("did not launch a runner with this id and token");
  expect(open.registry.attached()).toEqual([]);
});

test("another protocol version is refused in words", async () => {
  open.register("r1");
  await expect(hello("r1", { protocolVersion: 2 }).hear()).rejects.toThrow("speaks version 1 of the runner protocol, the runner 2");
});

test("a lower boot is refused, a higher one is stored before anything else counts", async () => {
  open.register("r1");
  await welcomed("r1", { boot: 3n });
  expect(findRunner(open.deps.store.reader, "r1")?.boot).toBe(3);
  await expect(hello("r1", { boot: 2n }).hear()).rejects.toThrow("Boot 2 of this runner is over, boot 3 was seen");
  expect(open.registry.attached()).toHaveLength(1);
});

test("a runner that was given up is not taken back", async () => {
  open.register("r1");
  endRunner(open.deps, "r1");
  await expect(hello("r1").hear()).rejects.toThrow("was given up as lost");
});

test("whoever says something else first, or nothing at all, is sent away", async () => {
  const control = open.runner.control();
  control.say({ case: "acquire", value: { requestId: "q" } });
  await expect(control.hear()).rejects.toThrow("has to be Hello");
  const silent = open.runner.control();
  await expect(silent.hear()).rejects.toThrow("has to be Hello");
});

test("a credit becomes a grant that carries everything the runner needs", async () => {
  const { control, execution, task } = await granted();
  expect(open.registry.attached()[0]?.credits).toBe(0);
  // The schedule's part: the order goes out once the lease is durable.
  control.say({ case: "acquire", value: { requestId: "q1" } });
  const message = await control.hear();
  if (message?.case !== "grant") throw new Error(`no grant but ${message?.case}`);
  const { value: grant } = message;
  expect(grant).toMatchObject({ requestId: "q1", executionId: execution.id, fence: BigInt(execution.fence), taskId: task.id });
  expect(grant.cli).toMatchObject({ name: "demo", adapter: { case: "demo" } });
  expect(grant.input).toMatchObject({ agentName: "Planner", taskSummary: "Say hello", otherAgents: ["Implementer"] });
  expect(Number(grant.lease?.seconds)).toBe(300);
  expect(grant.limits?.timeLimit).toBeUndefined();
  expect(Number(grant.limits?.silenceLimit?.seconds)).toBe(1800);
});

test("a request that was granted is answered with the same grant, on every connection", async () => {
  const { execution } = await granted();
  for (let time = 0; time < 2; time++) {
    const { control } = await welcomed("r1");
    control.say({ case: "acquire", value: { requestId: "q1" } });
    const message = await control.hear();
    expect(message).toMatchObject({ case: "grant", value: { executionId: execution.id, fence: BigInt(execution.fence) } });
    expect(open.registry.attached()[0]?.credits).toBe(0);
  }
  expect(open.lease()).toBeUndefined();
});

test("a grant of a task that was cancelled meanwhile is followed by the order to stop", async () => {
  const { control, task } = await granted();
  cancelTask(open.deps, task.id);
  control.say({ case: "acquire", value: { requestId: "q1" } });
  expect((await control.hear())?.case).toBe("grant");
  expect(await control.hear()).toMatchObject({ case: "stop", value: { reason: StopReason.CANCELLED } });
});

test("Started is remembered, Complete is settled once, and repeated it is settled the same way", async () => {
  const { control, execution } = await granted();
  control.say({ case: "started", value: { executionId: execution.id, fence: BigInt(execution.fence), pid: 77, pidStartTicks: 5n } });
  await expect.poll(() => present(execution).state).toBe("running");
  expect(present(execution)).toMatchObject({ pid: 77, pidStartTicks: 5 });
  const verdicts = [];
  for (const message of [report(execution, skip), report(execution, skip), report(execution, skip, { exitCode: 1 })]) {
    control.say(message);
    const heard = await control.hear();
    verdicts.push(heard?.case === "settled" ? heard.value.verdict : heard?.case);
  }
  expect(verdicts).toEqual([SettledVerdict.APPLIED, SettledVerdict.ALREADY, SettledVerdict.CONFLICT]);
  expect(present(execution)).toMatchObject({ state: "ended", outcome: "finished", actions: skip.actions, logComplete: true });
});

test("a report of another fence changes no task and is kept as evidence", async () => {
  const { control, execution } = await granted();
  control.say(report(execution, skip, { fence: BigInt(execution.fence + 1) }));
  expect(await control.hear()).toMatchObject({ case: "settled", value: { verdict: SettledVerdict.SALVAGED } });
  expect(present(execution).state).toBe("leased");
});

test("a report about something unknown is said to be so; one with an unknown value ends the stream and stays the runner's", async () => {
  const { control, execution } = await granted();
  control.say(report({ ...execution, id: "gone" }, skip));
  expect(await control.hear()).toMatchObject({ case: "settled", value: { executionId: "gone", verdict: SettledVerdict.UNKNOWN } });
  control.say(report(execution, skip, { cause: 99 as never }));
  await expect(control.hear()).rejects.toThrow("cause has the value 99, which this supervisor does not know");
  expect(present(execution).state).toBe("leased");
});

test("a runner cannot report for another runner", async () => {
  const { execution } = await granted();
  open.register("r2", []);
  const { control } = await welcomed("r2");
  control.say(report(execution, skip));
  await expect(control.hear()).rejects.toThrow("which it never had");
  expect(present(execution).state).toBe("leased");
});

test("a heartbeat is answered with what has to stop and what is no longer the runner's", async () => {
  const { control, execution, task } = await granted();
  const beat = { executionId: execution.id, fence: BigInt(execution.fence), silent: true };
  control.say({ case: "renew", value: { progress: [beat] } });
  expect(await control.hear()).toMatchObject({ case: "renewAck", value: { stops: [], stale: [] } });
  expect(present(execution).silent).toBe(true);
  cancelTask(open.deps, task.id);
  control.say({ case: "renew", value: { progress: [beat, { ...beat, fence: 9n }, { ...beat, executionId: "gone" }] } });
  expect(await control.hear()).toMatchObject({
    case: "renewAck",
    value: { stops: [{ executionId: execution.id, reason: StopReason.CANCELLED }], stale: [execution.id, "gone"] },
  });
});

test("what a runner holds when it comes back is kept, dropped or stale", async () => {
  const { control, execution } = await granted();
  const held = { executionId: execution.id, fence: BigInt(execution.fence), finished: false };
  const again = await welcomed("r1", { held: [held, { ...held, executionId: "gone" }, { ...held, fence: 9n }] });
  const { KEEP, DROP } = DispositionVerdict;
  expect(again.welcome.dispositions.map(({ verdict }) => verdict)).toEqual([KEEP, DROP, DROP]);
  await expect(control.hear()).rejects.toThrow("took over");
  again.control.say(report(execution, skip));
  expect((await again.control.hear())?.case).toBe("settled");
  // Delivered, but the answer was lost on the way: it is kept, delivered again, and settled as known.
  const late = await welcomed("r1", { held: [{ ...held, finished: true }] });
  expect(late.welcome.dispositions).toMatchObject([{ verdict: KEEP }]);
  late.control.say(report(execution, skip));
  expect(await late.control.hear()).toMatchObject({ case: "settled", value: { verdict: SettledVerdict.ALREADY } });
  // It believes that something runs which has ended here.
  const stale = await welcomed("r1", { held: [held] });
  expect(stale.welcome.dispositions).toMatchObject([{ verdict: KEEP }]);
  expect(await stale.control.hear()).toMatchObject({ case: "renewAck", value: { stale: [execution.id] } });
});

test("a lost runner's step is reaped by the workspace's next runner and starts again", async () => {
  const { execution } = await granted();
  open.registry.expel("r1");
  endRunner(open.deps, "r1");
  expect(present(execution).state).toBe("reaping");
  open.register("r2");
  const { control } = await welcomed("r2");
  expect(await control.hear()).toMatchObject({ case: "reap", value: { targets: [{ executionId: execution.id }] } });
  expect(open.lease()).toBeUndefined();
  control.say({ case: "reaped", value: { executionId: execution.id, killed: 2 } });
  await expect.poll(() => present(execution)).toMatchObject({ state: "ended", outcome: "runner_lost" });
  open.deps.pass(60_000);
  control.say({ case: "acquire", value: { requestId: "q1" } });
  await expect.poll(() => open.registry.attached()[0]?.credits).toBe(1);
  expect(open.lease()?.agentName).toBe("Planner");
});

test("a runner that rebooted and holds nothing has to prove its own past dead", async () => {
  const { execution } = await granted();
  const { control } = await welcomed("r1", { boot: 2n });
  expect(present(execution).state).toBe("reaping");
  expect(await control.hear()).toMatchObject({ case: "reap", value: { targets: [{ executionId: execution.id }] } });
});

test("a lease that never reached the runner is not lost when it connects again", async () => {
  const { execution } = await granted();
  await welcomed("r1");
  expect(present(execution).state).toBe("leased");
});

test("the stream's end takes the runner out of the registry, and the supervisor goes on", async () => {
  open.register("r1");
  const { control } = await welcomed("r1");
  control.hangUp();
  expect(await control.hear()).toBeUndefined();
  await expect.poll(() => open.registry.attached()).toEqual([]);
  await welcomed("r1");
  expect(open.logged.filter(({ level }) => (level as number) >= 50)).toEqual([]);
});
