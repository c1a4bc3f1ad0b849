import { statSync } from "node:fs";
import { join } from "node:path";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { frameOf } from "#rpc/test-frames.ts";
import { openTestRunnerSocket } from "./test-runner-socket.ts";

let open: Awaited<ReturnType<typeof openTestRunnerSocket>>;
let execution: Execution;
beforeEach(async () => {
  open = await openTestRunnerSocket();
  open.register("runner");
  open.task();
  execution = open.start() as Execution;
  await open.deps.store.durable();
});
afterEach(() => open.close());

const present = () => findExecution(open.deps.store.reader, execution.id) as Execution;
const frame = (sequence: number, firstLine: number, texts: string[], more: { executionId?: string; fence?: bigint } = {}) => {
  const { rawBytes, lineCount, checksum, payload } = frameOf(sequence, firstLine, texts);
  const wire = { sequence: BigInt(sequence), firstLine: BigInt(firstLine), lineCount, rawBytes, checksum, payload };
  return { executionId: execution.id, fence: BigInt(execution.fence), ...wire, ...more };
};

test("every frame is answered with what comes next, also on a new connection and when it is repeated", async () => {
  const logs = open.runner.logs();
  logs.send(frame(1, 1, ["a", "b"]));
  expect(await logs.hear()).toEqual({ executionId: execution.id, next: 2 });
  logs.send(frame(1, 1, ["a", "b"]));
  expect((await logs.hear())?.next).toBe(2);
  logs.hangUp();
  const again = open.runner.logs();
  again.send(frame(1, 1, ["a", "b"]));
  expect((await again.hear())?.next).toBe(2);
  again.send(frame(2, 3, ["c"]));
  expect((await again.hear())?.next).toBe(3);
  await expect.poll(() => present()).toMatchObject({ logLines: 3, logBytes: 6, logComplete: false });
});

test("after a gap one answer asks for the missing frame, however many come too early", async () => {
  const logs = open.runner.logs();
  for (const n of [1, 3, 4, 5]) logs.send(frame(n, n, ["x"]));
  expect((await logs.hear())?.next).toBe(2);
  expect((await logs.hear())?.next).toBe(2);
  for (const n of [2, 3]) logs.send(frame(n, n, ["x"]));
  expect((await logs.hear())?.next).toBe(3);
  expect((await logs.hear())?.next).toBe(4);
});

test("logs of a deleted task are taken and thrown away, and make no file", async () => {
  const logs = open.runner.logs();
  logs.send(frame(7, 7, ["x"], { executionId: "gone00000000000000001" }));
  expect(await logs.hear()).toEqual({ executionId: "gone00000000000000001", next: 8 });
  expect(() => statSync(join(open.folder, "gone00000000000000001.log"))).toThrow("ENOENT");
});

test("a log stream says who it is: a wrong token is refused, and another runner's log is not touched", async () => {
  const stranger = open.dial("runner", "guess").logs();
  stranger.send(frame(1, 1, ["x"]));
  await expect(stranger.hear()).rejects.toThrow("did not launch a runner with this id and token");
  open.register("other");
  const other = open.dial("other").logs();
  other.send(frame(1, 1, ["x"]));
  expect((await other.hear())?.next).toBe(2);
  expect(() => statSync(join(open.folder, `${execution.id}.log`))).toThrow("ENOENT");
});

test("a frame with another fence, and a damaged one, end the stream in words and nothing of them is stored", async () => {
  const logs = open.runner.logs();
  logs.send(frame(1, 1, ["x"], { fence: 99n }));
  await expect(logs.hear()).rejects.toThrow("has not the fence 99");
  const again = open.runner.logs();
  again.send({ ...frame(1, 1, ["x"]), checksum: 1 });
  await expect(again.hear()).rejects.toThrow("is damaged and was not stored");
  const third = open.runner.logs();
  third.send(frame(1, 1, ["x"]));
  expect((await third.hear())?.next).toBe(2);
});

test("a log is complete when its last frame has come, before or after the report", async () => {
  const control = open.runner.control();
  control.say({
    case: "hello",
    value: {
      runnerId: "runner",
      boot: 1n,
      token: "secret of runner",
      protocolVersion: 1,
      pid: 1,
      pidStartTicks: 1n,
      held: [{ executionId: execution.id, fence: BigInt(execution.fence), finished: false }],
    },
  });
  await control.hear();
  const logs = open.runner.logs();
  logs.send(frame(1, 1, ["a"]));
  await logs.hear();
  const { id: executionId, fence } = execution;
  const value = {
    executionId,
    fence: BigInt(fence),
    cause: EndCause.EXITED,
    exitCode: 1,
    answerState: AnswerState.MISSING,
    lastLogFrame: 2n,
  };
  control.say({ case: "complete", value });
  expect((await control.hear())?.case).toBe("settled");
  expect(present()).toMatchObject({ state: "ended", logLines: 1, logComplete: false });
  logs.send(frame(2, 2, ["b"]));
  await logs.hear();
  await expect.poll(() => present()).toMatchObject({ logLines: 2, logComplete: true });
});

test("a flood of frames is a handful of writes to the database", async () => {
  const logs = open.runner.logs();
  const events = () =>
    open.deps.store.reader.prepare("SELECT count(*) FROM events WHERE type = 'execution_changed'").pluck().get() as number;
  const before = events();
  for (let n = 1; n <= 500; n++) logs.send(frame(n, n, ["x".repeat(100)]));
  for (let n = 1; n <= 500; n++) await logs.hear();
  await expect.poll(() => present().logLines).toBe(500);
  expect(events() - before).toBeLessThan(50);
});
