import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GrantSchema, OutputFormat, PromptBy } from "@malamar/proto/malamar/runner/v1/order_pb";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { DispositionVerdict, SettledVerdict, StopReason } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { DirectoryMode } from "@malamar/proto/malamar/v1/workspace_pb";
import { FIXTURES } from "#execute/try-execution.ts";
import { playSupervisor, type PlayedSupervisor } from "./played-supervisor.ts";
import { serve, type ServeOrder, type Serving } from "./serve.ts";

let dataDir = "";
let supervisor: PlayedSupervisor;
let servings: Serving[] = [];
let count = 0;
let lastId = "";

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "malamar-link-"));
  supervisor = playSupervisor(socket());
  await supervisor.listen();
});
afterEach(async () => {
  for (const each of servings) each.killAll();
  await Promise.all(servings.map((each) => each.shutDown(0)));
  servings = [];
  await supervisor.vanish();
  rmSync(dataDir, { recursive: true, force: true });
});

const socket = () => join(dataDir, "s.sock");
const folder = (executionId: string) => join(dataDir, "executions", executionId);

function runner(some: Partial<ServeOrder> = {}): Serving {
  const serving = serve({
    workshop: { runnerId: "runner1", dataDir, environment: { PATH: process.env["PATH"] }, node: process.execPath, demoCli: "" },
    socketPath: socket(),
    boot: 1n,
    token: "secret",
    capacity: 2,
    newId: () => `request${(count += 1)}`,
    longestUselessMs: 60_000,
    ...some,
  });
  servings.push(serving);
  return serving;
}

async function grant(command: string[], some: MessageInitShape<typeof GrantSchema> = {}): Promise<string> {
  const { requestId } = await supervisor.next("acquire");
  lastId = `exec${Date.now()}x${(count += 1)}`;
  const init: MessageInitShape<typeof GrantSchema> = {
    requestId,
    executionId: lastId,
    fence: 7n,
    workspaceId: "workspace1",
    taskId: "task1",
    directoryMode: DirectoryMode.TEMP,
    input: { agentName: "Tester", answerSchema: "{}" },
    cli: { name: "test", adapter: { case: "custom", value: { command, promptBy: PromptBy.STDIN, outputFormat: OutputFormat.TEXT } } },
    limits: { logCap: 1n << 24n, stopGrace: { seconds: 0n, nanos: 200_000_000 } },
  };
  const value = create(GrantSchema, Object.assign(init, some));
  supervisor.send({ case: "grant", value });
  return value.executionId;
}

const texts = (executionId: string) => supervisor.log(executionId).map(({ text }) => text);

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1_000) throw new Error("what was waited for never came");
    await sleep(5);
  }
}

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
    await grant(["true"], { cli: { name: "future" } });
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: lastId, cause: EndCause.CLI_MISSING });
    expect(complete.error).toContain('knows no CLI named "future"');
    await grant(["true"]);
    expect(await supervisor.next("complete")).toMatchObject({ executionId: lastId, cause: EndCause.EXITED });
  });

  test("an id that would lead out of the data directory starts nothing", async () => {
    runner();
    await grant(["true"], { executionId: "../../evil" });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: "../../evil", cause: EndCause.SPAWN_FAILED });
    await grant(["true"], { taskId: "a/b" });
    expect(await supervisor.next("complete")).toMatchObject({ executionId: lastId, cause: EndCause.SPAWN_FAILED });
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
    const child = spawn("sleep", ["600"], { env: { ...process.env, MALAMAR_EXECUTION_ID: "lost1" }, stdio: "ignore" });
    runner();
    await supervisor.next("hello");
    supervisor.send({
      case: "reap",
      value: { targets: [{ executionId: "lost1" }, { executionId: "lost2", pid: process.pid, pidStartTicks: 1n }] },
    });
    const reaped = [await supervisor.next("reaped"), await supervisor.next("reaped")];
    expect(Object.fromEntries(reaped.map(({ executionId, killed }) => [executionId, killed]))).toEqual({ lost1: 1, lost2: 0 });
    if (child.exitCode === null && child.signalCode === null) await new Promise((gone) => child.once("exit", gone));
    expect(child.signalCode).toBe("SIGKILL");
  });
});

describe("when the supervisor goes away", () => {
  test("the step goes on, its result waits on the disk and is delivered with its whole log", async () => {
    runner();
    const id = await grant(["sh", "-c", `echo before; sleep 0.4; echo after; printf '{"actions":[]}' > {output}`]);
    await until(() => texts(id).length === 1);
    const open = await openRequests();
    await supervisor.vanish();
    await until(() => existsSync(join(folder(id), "output.json")));
    await sleep(300);
    expect(readdirSync(folder(id))).toEqual(expect.arrayContaining(["result.json", "spool.frames"]));
    await supervisor.listen();
    await supervisor.next("hello");
    const hello = await supervisor.next("hello");
    expect(hello.held).toMatchObject([{ executionId: id, fence: 7n, finished: true }]);
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id, cause: EndCause.EXITED, answerState: AnswerState.PRESENT });
    await until(() => !existsSync(join(folder(id), "result.json")));
    expect(texts(id)).toEqual(["before", "after"]);
    expect(existsSync(join(folder(id), "spool.frames"))).toBe(false);
    expect((await openRequests()).filter((each) => open.includes(each))).toEqual(open);
  });

  test("a running step is held, started again in words, and finished", async () => {
    runner();
    const id = await grant(["sh", "-c", "echo one; sleep 0.6; echo two"]);
    const first = await supervisor.next("started");
    await supervisor.vanish();
    await supervisor.listen();
    await supervisor.next("hello");
    expect((await supervisor.next("hello")).held).toMatchObject([{ executionId: id, finished: false }]);
    expect(await supervisor.next("started")).toEqual(first);
    await supervisor.next("complete");
    expect(texts(id)).toEqual(["one", "two"]);
  });

  test("a flood while it is away is spooled and arrives without a gap", async () => {
    runner();
    const id = await grant(["sh", "-c", `echo start; sleep 0.2; ${join(FIXTURES, "floods.py")} 4`]);
    await until(() => texts(id).length === 1);
    await supervisor.vanish();
    await until(() => existsSync(join(folder(id), "result.json")));
    expect(readFileSync(join(folder(id), "spool.frames")).length).toBeGreaterThan(1000);
    await supervisor.listen();
    await supervisor.next("complete");
    await until(() => !existsSync(join(folder(id), "spool.frames")));
    const lines = supervisor.log(id);
    expect(lines.map(({ number }) => Number(number))).toEqual(lines.map((_, at) => at + 1));
    expect(lines.at(-1)?.text).toBe("the end of the flood");
    expect(lines).toHaveLength(Math.floor((4 * 1024 * 1024) / 370) + 2);
  });

  test("a report that is not settled comes again", async () => {
    supervisor.settle = false;
    runner();
    const id = await grant(["true"]);
    await supervisor.next("complete");
    await until(() => existsSync(join(folder(id), "result.json")));
    const again = await supervisor.next("complete");
    expect(again).toMatchObject({ executionId: id });
    supervisor.send({ case: "settled", value: { executionId: id, verdict: SettledVerdict.ALREADY } });
    await until(() => !existsSync(join(folder(id), "result.json")));
  });

  test("a report does not wait for ever for a log that nobody takes", async () => {
    supervisor.storeLogs = false;
    runner();
    const id = await grant(["sh", "-c", `${join(FIXTURES, "floods.py")} 8`]);
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: id });
    expect(new Set(supervisor.frames.map(({ sequence }) => sequence)).size).toBeLessThan(Number(complete.lastLogFrame));
  });

  test("what the supervisor wants to drop is killed and forgotten", async () => {
    runner();
    const running = await grant(["sleep", "600"]);
    const { pid } = await supervisor.next("started");
    supervisor.settle = false;
    const finished = await grant(["true"]);
    await supervisor.next("complete");
    await supervisor.vanish();
    supervisor.completes.length = 0;
    const verdict = DispositionVerdict.DROP;
    supervisor.welcome = {
      dispositions: [
        { executionId: running, verdict },
        { executionId: finished, verdict },
      ],
    };
    await supervisor.listen();
    await until(() => !existsSync(join(folder(finished), "result.json")) && !existsSync(join(folder(running), "tmp")));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await sleep(100);
    expect(supervisor.completes).toEqual([]);
  });

  test("a later boot of the runner delivers what an earlier one left", async () => {
    supervisor.settle = false;
    runner();
    const id = await grant(["sh", "-c", "echo hello; exit 3"]);
    const first = await supervisor.next("complete");
    await until(() => existsSync(join(folder(id), "result.json")));
    await supervisor.next("hello");
    runner({ boot: 2n });
    expect((await supervisor.next("hello")).held).toMatchObject([{ executionId: id, fence: 7n, finished: true }]);
    expect(await supervisor.next("complete")).toEqual(first);
    mkdirSync(join(dataDir, "executions", "empty"));
    runner({ boot: 1n, workshop: { runnerId: "runner2", dataDir, environment: {}, node: "", demoCli: "" } });
    expect((await supervisor.next("hello")).held).toEqual([]);
  });
});

describe("the end of a runner", () => {
  test("comes when it carries nothing and nobody is there", async () => {
    await supervisor.vanish();
    const since = performance.now();
    await runner({ longestUselessMs: 300 }).done;
    expect(performance.now() - since).toBeGreaterThan(300);
    await supervisor.listen();
  });

  test("does not come as long as it carries something", async () => {
    const serving = runner({ longestUselessMs: 100 });
    const id = await grant(["sh", "-c", "sleep 1"]);
    await supervisor.next("started");
    await supervisor.vanish();
    const ended = await Promise.race([serving.done.then(() => true), sleep(700, false)]);
    expect(ended).toBe(false);
    await supervisor.listen();
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id });
  });

  test("comes when the data directory is gone, because nothing can be delivered any more", async () => {
    const serving = runner({ longestUselessMs: 100 });
    await grant(["sleep", "600"]);
    const { pid } = await supervisor.next("started");
    await supervisor.vanish();
    rmSync(join(dataDir, "executions"), { recursive: true });
    await serving.done;
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await supervisor.listen();
  });

  test("comes at once when it is retired with empty hands, and after delivery otherwise", async () => {
    const idle = runner();
    await supervisor.next("hello");
    supervisor.send({ case: "retire", value: {} });
    await idle.done;
    const busy = runner();
    await supervisor.next("hello");
    while (supervisor.waiting("acquire") > 2) await supervisor.next("acquire");
    const id = await grant(["sh", "-c", "sleep 0.2; echo late"]);
    await supervisor.next("started");
    supervisor.send({ case: "retire", value: {} });
    await busy.done;
    expect(supervisor.completes.map(({ executionId }) => executionId)).toEqual([id]);
    expect(texts(id)).toEqual(["late"]);
  });

  test("stops everything first when it is shut down, and delivers that", async () => {
    const serving = runner();
    const id = await grant([join(FIXTURES, "ignores-signals.sh")]);
    await until(() => texts(id).length === 1);
    await serving.shutDown(5_000);
    expect(supervisor.completes).toMatchObject([{ executionId: id, cause: EndCause.SUPERVISOR_STOPPING }]);
  });

  test("leaves its results on the disk when nobody is there at its shutdown", async () => {
    const serving = runner();
    const id = await grant(["sleep", "600"]);
    await supervisor.next("started");
    await supervisor.vanish();
    await serving.shutDown(5_000);
    expect(JSON.parse(readFileSync(join(folder(id), "result.json"), "utf8"))).toMatchObject({ report: { cause: "supervisor_stopping" } });
    await supervisor.listen();
  });
});

/** The ids of the credits that wait now; they stay there for the test to use. */
async function openRequests(): Promise<string[]> {
  const ids: string[] = [];
  await until(() => supervisor.waiting("acquire") > 0);
  while (supervisor.waiting("acquire") > 0) ids.push((await supervisor.next("acquire")).requestId);
  return ids;
}
