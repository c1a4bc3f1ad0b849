import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { ControlRequestSchema } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { expect, test } from "vitest";
import { findExecution } from "#executions/execution-table.ts";
import { openLogs } from "#logs/logs.ts";
import { play } from "#loop/play.ts";
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
  async function stream(boot: bigint) {
    const heard: ToRunner[] = [];
    let error: unknown;
    const end = (why?: unknown) => (error ??= why);
    const served = controlStream(service, { push: (message) => void heard.push(message), end, async *[Symbol.asyncIterator]() {} });
    const say = async (message: Said) => served.take(create(ControlRequestSchema, { message }));
    const hello = { runnerId: "runner", boot, token: "secret", protocolVersion: 1, pid: 1, pidStartTicks: 1n };
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
