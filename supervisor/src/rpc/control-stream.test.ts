import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Containment } from "@malamar/proto/malamar/v1/execution_pb";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { ControlRequestSchema, DispositionVerdict, SettledVerdict } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { describe, expect, test } from "vitest";
import { findExecution } from "#executions/execution-table.ts";
import { openLogs } from "#logs/logs.ts";
import { play } from "#loop/play.ts";
import { endRunner } from "#runners/end-runner.ts";
import { createRegistry } from "#runners/registry.ts";
import { registerRunner } from "#runners/register-runner.ts";
import { controlStream } from "./control-stream.ts";
import type { ToRunner } from "./encode-grant.ts";

type Said = NonNullable<Exclude<MessageInitShape<typeof ControlRequestSchema>, { $typeName: string }>["message"]>;

/** Streams without a transport, so that messages arrive in exactly the order of the test. */
function open() {
  const scene = play();
  const { deps, workspaceId } = scene;
  const registry = createRegistry();
  const service = {
    deps,
    registry,
    logs: openLogs({ folder: "/nonexistent", deps, onError: () => {} }),
    grantSettings: () => ({
      clis: [],
      timeLimits: { timeLimit: 0, silenceWarning: 0, silenceLimit: 0 },
      logCap: 1,
      stopGrace: 1,
      finishGrace: 1,
    }),
    epoch: 1,
    renewInterval: 1,
    lease: 1,
    log: { info: () => {}, warn: () => {} },
  };
  registerRunner(deps, { id: "runner", boot: 1, token: "secret", workspaceIds: [workspaceId] });
  async function stream(boot: bigint, runnerId = "runner", held: { executionId: string; fence: bigint; finished: boolean }[] = []) {
    const heard: ToRunner[] = [];
    let error: unknown;
    const end = (why?: unknown) => (error ??= why);
    const served = controlStream(service, { push: (message) => void heard.push(message), end, async *[Symbol.asyncIterator]() {} });
    const say = async (message: Said) => served.take(create(ControlRequestSchema, { message }));
    const hello = { runnerId, boot, token: "secret", protocolVersion: 1, pid: 1, pidStartTicks: 1n, held };
    await say({ case: "hello", value: hello });
    return { say, heard, over: () => served.over(), error: () => error };
  }
  return { ...scene, registry, stream };
}

test("what arrives on a stream that was taken over is of the runner's past and changes nothing", async () => {
  const { stream, task, start, deps, registry } = open();
  const old = await stream(1n);
  task();
  const execution = start()!;
  const newer = await stream(2n);
  expect(String(old.error())).toContain("took over");
  const present = () => findExecution(deps.store.reader, execution.id);
  expect(present()?.state).toBe("reaping");
  const answer = new TextEncoder().encode('{"actions":[{"type":"skip"}]}');
  const { id: executionId, fence } = execution;
  const value = { executionId, fence: BigInt(fence), cause: EndCause.EXITED, exitCode: 0, answerState: AnswerState.PRESENT, answer };
  await old.say({ case: "complete", value });
  await old.say({ case: "acquire", value: { requestId: "old" } });
  expect(present()).toMatchObject({ state: "reaping", reportSha256: "" });
  expect(registry.attached()).toMatchObject([{ credits: 0 }]);
  old.over();
  expect(registry.attached()).toHaveLength(1);
  newer.over();
  expect(registry.attached()).toEqual([]);
});

describe("the finished result of a runner that is gone", () => {
  const complete = ({ id: executionId, fence }: { id: string; fence: number }): Said => {
    const answer = new TextEncoder().encode('{"actions":[{"type":"skip"}]}');
    const value = { executionId, fence: BigInt(fence), cause: EndCause.EXITED, exitCode: 0, answerState: AnswerState.PRESENT, answer };
    return { case: "complete", value };
  };

  test("is taken from the runner that now carries the workspace, once, and survives that one's reconnection", async () => {
    const { stream, task, start, deps, workspaceId } = open();
    await stream(1n);
    task();
    const execution = start()!;
    endRunner(deps, "runner");
    registerRunner(deps, { id: "heir", boot: 1, token: "secret", workspaceIds: [workspaceId] });
    const heir = await stream(1n, "heir");
    expect(heir.heard.map(({ message }) => message?.case)).toEqual(["welcome", "reap"]);
    const held = [{ executionId: execution.id, fence: BigInt(execution.fence), finished: true }];
    const again = await stream(1n, "heir", held);
    const welcome = again.heard[0]?.message?.value as { dispositions: { verdict: DispositionVerdict }[] };
    expect(welcome.dispositions).toMatchObject([{ verdict: DispositionVerdict.KEEP }]);
    await again.say(complete(execution));
    await again.say(complete(execution));
    await deps.store.durable();
    await new Promise(setImmediate);
    const verdicts = again.heard.flatMap(({ message }) => (message?.case === "settled" ? [message.value.verdict] : []));
    expect(verdicts).toEqual([SettledVerdict.APPLIED, SettledVerdict.ALREADY]);
    expect(findExecution(deps.store.reader, execution.id)).toMatchObject({ state: "ended", outcome: "finished" });
  });

  test("is refused from any other runner, and from anybody while its own still has it", async () => {
    const { stream, task, start, deps, workspaceId } = open();
    await stream(1n);
    task();
    const execution = start()!;
    registerRunner(deps, { id: "heir", boot: 1, token: "secret", workspaceIds: [workspaceId] });
    registerRunner(deps, { id: "stranger", boot: 1, token: "secret", workspaceIds: ["elsewhere"] });
    await expect((await stream(1n, "heir")).say(complete(execution))).rejects.toThrow("never had");
    endRunner(deps, "runner");
    await expect((await stream(1n, "stranger")).say(complete(execution))).rejects.toThrow("never had");
    expect(findExecution(deps.store.reader, execution.id)).toMatchObject({ state: "reaping", reportSha256: "" });
  });
});

test("the level of containment is stored with the start, and what an execution uses is known from its last heartbeat", async () => {
  const { stream, task, start, deps, registry } = open();
  const { say } = await stream(1n);
  task();
  const { id: executionId, fence } = start()!;
  const at = { executionId, fence: BigInt(fence) };
  await say({ case: "started", value: { ...at, pid: 42, pidStartTicks: 7n, containment: Containment.L2 } });
  expect(deps.store.transact((db) => findExecution(db, executionId))).toMatchObject({ containment: "L2", pid: 42 });
  await say({ case: "renew", value: { progress: [{ ...at, processes: 3, memoryBytes: 4096n }] } });
  expect(registry.vitals(executionId)).toMatchObject({ processes: 3, memoryBytes: 4096 });
  await say({ case: "renew", value: { progress: [at] } });
  expect(registry.vitals(executionId)).toMatchObject({ processes: null, memoryBytes: null });
});
