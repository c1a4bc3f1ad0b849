import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { SettledVerdict, StopReason } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { FIXTURES } from "#execute/try-execution.ts";
import { setStage, until, type Stage } from "./stage.ts";

let stage: Stage;
let { dataDir, supervisor, runner, grant, folder, texts }: Stage = {} as Stage;
beforeEach(async () => {
  stage = await setStage();
  ({ dataDir, supervisor, runner, grant, folder, texts } = stage);
});
afterEach(() => stage.strike());

describe("an execution over the link", () => {
  test("goes from the grant to the settled report and leaves nothing to carry", async () => {
    runner();
    const hello = await supervisor.next("hello");
    expect(hello).toMatchObject({ runnerId: "runner1", boot: 1n, token: "secret", protocolVersion: 1, pid: process.pid, held: [] });
    const id = await grant(["sh", "-c", `echo one; echo two >&2; printf '{"actions":[{"type":"skip"}]}' > {output}`]);
    const started = await supervisor.next("started");
    expect(started).toMatchObject({ executionId: id, fence: 7n });
    expect(started.pid).toBeGreaterThan(1);
    expect(started.pidStartTicks).toBeGreaterThan(0n);
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: id, fence: 7n, cause: EndCause.EXITED, exitCode: 0, answerState: AnswerState.PRESENT });
    expect(Buffer.from(complete.answer).toString()).toBe('{"actions":[{"type":"skip"}]}');
    expect(supervisor.log(id).map(({ number }) => Number(number))).toEqual([1, 2]);
    expect(BigInt(supervisor.frames.length)).toBe(complete.lastLogFrame);
    await until(() => !existsSync(join(folder(id), "tmp")));
    expect(readdirSync(folder(id)).toSorted()).toEqual(
      ["input.md", "meta.json", "output.json", "prompt.txt", "stderr.log", "stdout.log"].toSorted(),
    );
  });

  test("keeps its credits outstanding, and gives a new one only when an execution has ended", async () => {
    runner();
    await until(() => supervisor.waiting("acquire") === 2);
    const id = await grant(["sleep", "600"]);
    await supervisor.next("started");
    await sleep(50);
    expect(supervisor.waiting("acquire")).toBe(1);
    supervisor.send({ case: "stop", value: { executionId: id, reason: StopReason.CANCELLED } });
    await supervisor.next("complete");
    await until(() => supervisor.waiting("acquire") === 2);
  });

  test("many at a time do not mix their logs, their answers or their processes", async () => {
    runner({ capacity: 8 });
    const ids: string[] = [];
    for (let round = 0; round < 40; round += 1) {
      ids.push(
        await grant([
          "sh",
          "-c",
          `for i in 1 2 3; do echo {execution_id} $i; sleep 0.01; done; echo {execution_id} > {output}; sleep 600 &`,
        ]),
      );
    }
    await until(() => supervisor.completes.length === 40);
    await until(() => ids.every((id) => texts(id).length === 4));
    for (const id of ids) {
      expect(texts(id).slice(0, 3)).toEqual([`${id} 1`, `${id} 2`, `${id} 3`]);
      const complete = supervisor.completes.find(({ executionId }) => executionId === id);
      expect(complete).toMatchObject({ exitCode: 0, cause: EndCause.EXITED });
      expect(Buffer.from(complete?.answer ?? []).toString()).toBe(`${id}\n`);
      expect(supervisor.log(id).at(-1)?.text).toContain("had to be ended");
    }
  });

  test("a grant that comes twice starts one CLI", async () => {
    runner();
    const id = await grant(["sh", "-c", "echo once; sleep 0.3"]);
    const first = await supervisor.next("started");
    supervisor.send({
      case: "grant",
      value: { requestId: "again", executionId: id, fence: 7n, input: {}, cli: { adapter: { case: "demo", value: {} } } },
    });
    expect(await supervisor.next("started")).toEqual(first);
    await supervisor.next("complete");
    expect(texts(id)).toEqual(["once"]);
  });

  test("a grant that makes no sense is answered, and the runner lives on", async () => {
    runner();
    const unknown = await grant(["true"], { cli: { name: "future" } });
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: unknown, cause: EndCause.CLI_MISSING });
    expect(complete.error).toContain('knows no CLI named "future"');
    const known = await grant(["true"]);
    expect(await supervisor.next("complete")).toMatchObject({ executionId: known, cause: EndCause.EXITED });
  });

  test("an id that would lead out of the data directory starts nothing", async () => {
    runner();
    await grant(["true"], { executionId: "../../evil" });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: "../../evil", cause: EndCause.SPAWN_FAILED });
    const id = await grant(["true"], { taskId: "a/b" });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id, cause: EndCause.SPAWN_FAILED });
    await until(() => existsSync(join(dataDir, "executions")));
    expect(readdirSync(join(dataDir, "executions")).filter((name) => !name.startsWith(".spare-"))).toEqual([]);
    expect(readdirSync(dataDir).toSorted()).toEqual(["executions", "s.sock"]);
  });

  test("is renewed with its progress as long as its CLI lives", async () => {
    supervisor.welcome = { renewInterval: { seconds: 0n, nanos: 50_000_000 } };
    runner();
    const id = await grant(["sh", "-c", "echo one; sleep 0.3"]);
    await supervisor.next("started");
    for (;;) {
      const { progress } = await supervisor.next("renew");
      if (progress.length === 0 || progress[0]?.logLines === 0n) continue;
      expect(progress).toMatchObject([{ executionId: id, fence: 7n, logLines: 1n, logBytes: 4n, silent: false }]);
      break;
    }
    await supervisor.next("complete");
    while (supervisor.waiting("renew") > 0) await supervisor.next("renew");
    expect((await supervisor.next("renew")).progress).toEqual([]);
  });
});

describe("stopping over the link", () => {
  test.each([
    [StopReason.CANCELLED, EndCause.CANCELLED],
    [StopReason.DELETED, EndCause.CANCELLED],
    [StopReason.SUPERVISOR_STOPPING, EndCause.SUPERVISOR_STOPPING],
  ])("reason %s ends it, and the first reason wins", async (reason, cause) => {
    runner();
    const id = await grant([join(FIXTURES, "ignores-signals.sh")]);
    await supervisor.next("started");
    supervisor.send({ case: "stop", value: { executionId: id, reason } });
    supervisor.send({ case: "renewAck", value: { stops: [{ executionId: id, reason: StopReason.CANCELLED }] } });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id, cause });
  });

  test("an execution that is no longer this runner's is killed at once, and what there is is delivered", async () => {
    runner();
    const id = await grant(["sh", "-c", "echo before; exec sleep 600"], { limits: { stopGrace: { seconds: 600n } } });
    await until(() => texts(id).length === 1);
    supervisor.send({ case: "renewAck", value: { stale: [id] } });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id, signal: "SIGKILL" });
    expect(texts(id)).toEqual(["before"]);
  });

  test("orders about executions that nobody knows change nothing", async () => {
    runner();
    await supervisor.next("hello");
    supervisor.send({ case: "stop", value: { executionId: "nobody", reason: StopReason.CANCELLED } });
    supervisor.send({ case: "settled", value: { executionId: "nobody", verdict: SettledVerdict.APPLIED } });
    supervisor.send({ case: "renewAck", value: { stale: ["nobody"] } });
    await grant(["true"]);
    expect((await supervisor.next("complete")).cause).toBe(EndCause.EXITED);
  });

  test("reaping kills what another runner left behind and says how much it was", async () => {
    const { spawn } = await import("node:child_process");
    const child = spawn("sleep", ["600"], { env: { ...process.env, MALAMAR_EXECUTION_ID: `lost1x${process.pid}` }, stdio: "ignore" });
    runner();
    await supervisor.next("hello");
    supervisor.send({
      case: "reap",
      value: {
        targets: [{ executionId: `lost1x${process.pid}` }, { executionId: `lost2x${process.pid}`, pid: process.pid, pidStartTicks: 1n }],
      },
    });
    const reaped = [await supervisor.next("reaped"), await supervisor.next("reaped")];
    expect(Object.fromEntries(reaped.map(({ executionId, killed }) => [executionId, killed]))).toEqual({
      [`lost1x${process.pid}`]: 1,
      [`lost2x${process.pid}`]: 0,
    });
    if (child.exitCode === null && child.signalCode === null) await new Promise((gone) => child.once("exit", gone));
    expect(child.signalCode).toBe("SIGKILL");
  });
});
