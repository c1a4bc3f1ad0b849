import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FIXTURES } from "#execute/try-execution.ts";
import { whyNot } from "#process/enclosures.ts";
import { playSupervisor, type PlayedSupervisor } from "#link/played-supervisor.ts";
import { Containment } from "@malamar/proto/malamar/v1/execution_pb";
import { EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { SettledVerdict } from "@malamar/proto/malamar/runner/v1/runner_service_pb";

// The sweep looks at all processes of the machine, so that another run of these tests must have other ids.
const ONE = `exec1x${process.pid}`;
const TWO = `exec2x${process.pid}`;

const hasNamespaces = (await whyNot("L2", (guard) => guard.kill())) === null;
let dataDir = "";
let supervisor: PlayedSupervisor;
let children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "malamar-main-"));
  supervisor = playSupervisor(join(dataDir, "s.sock"));
  await supervisor.listen();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await supervisor.vanish();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  stderr: () => string;
  ended: Promise<unknown>;
}

function start({ token = "secret\n", args = ["--useless-after", "1"], id = "runner1" } = {}): Started {
  const all = [
    join(import.meta.dirname, "main.ts"),
    "--socket",
    join(dataDir, "s.sock"),
    "--id",
    id,
    "--boot",
    "1",
    "--data-dir",
    dataDir,
    ...args,
  ];
  const child = spawn(process.execPath, all, { detached: true, stdio: ["pipe", "ignore", "pipe"] });
  children.push(child);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.end(token);
  return { child, stderr: () => stderr, ended: once(child, "close") };
}

async function grant(command: string[], executionId = ONE): Promise<void> {
  const { requestId } = await supervisor.next("acquire");
  supervisor.send({
    case: "grant",
    value: {
      requestId,
      executionId,
      fence: 1n,
      taskId: "task1",
      workspaceId: "workspace1",
      input: { agentName: "Planner", taskSummary: "Write hello.txt", answerSchema: "{}" },
      cli:
        command[0] === "demo"
          ? { name: "demo", adapter: { case: "demo", value: {} } }
          : { name: "test", adapter: { case: "custom", value: { command } } },
      limits: { stopGrace: { seconds: 0n, nanos: 100_000_000 } },
    },
  });
}

function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
}

/** Processes with this in their arguments, but not this one. */
function processesWith(argument: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!(pid > 1) || pid === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(argument) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

describe("the runner program", () => {
  test("takes its token from stdin, carries a demo step out and ends when it is retired", async () => {
    const { child, ended, stderr } = start();
    expect(await supervisor.next("hello")).toMatchObject({ runnerId: "runner1", token: "secret", pid: child.pid });
    await grant(["demo"]);
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ cause: EndCause.EXITED, exitCode: 0 });
    expect(Buffer.from(complete.answer).toString()).toContain("Demo plan");
    expect(existsSync(join(dataDir, "tasks/task1/PLAN.md"))).toBe(true);
    supervisor.send({ case: "retire", value: {} });
    await ended;
    expect([child.exitCode, stderr()]).toEqual([0, ""]);
  });

  test("is not started without a token, and says so in a line of JSON", async () => {
    const { child, ended, stderr } = start({ token: "\n" });
    await ended;
    expect(child.exitCode).toBe(64);
    expect((JSON.parse(stderr()) as { message: string }).message).toContain("token");
  });

  test("ends itself when nobody is there and it carries nothing", async () => {
    await supervisor.vanish();
    const { child, ended } = start();
    await ended;
    expect(child.exitCode).toBe(0);
    await supervisor.listen();
  });

  test("ends its executions on SIGTERM, delivers them, and leaves no process behind", async () => {
    const { child, ended } = start();
    await grant([join(FIXTURES, "ignores-signals.sh")]);
    const { pid } = await supervisor.next("started");
    child.kill("SIGTERM");
    expect((await supervisor.next("complete")).cause).toBe(EndCause.SUPERVISOR_STOPPING);
    await ended;
    expect([child.exitCode, lives(pid)]).toEqual([0, false]);
  });

  test("a second SIGTERM does not wait for the CLI's manners", async () => {
    const { child, ended } = start();
    await grant(["sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 1; done"]);
    const { pid } = await supervisor.next("started");
    while (supervisor.log(ONE).length === 0) await sleep(10);
    const since = performance.now();
    child.kill("SIGTERM");
    await sleep(20);
    child.kill("SIGTERM");
    await ended;
    expect(performance.now() - since).toBeLessThan(1_500);
    expect(lives(pid)).toBe(false);
  });

  test("at L0, what a killed runner leaves running is ended by another one", async () => {
    const first = start({ args: ["--containment", "L0"] });
    await grant([join(FIXTURES, "leaves-daemon.py"), join(dataDir, "daemon"), "holds-pipes"]);
    await supervisor.next("started");
    await grant([join(FIXTURES, "ignores-signals.sh")], TWO);
    const { pid, pidStartTicks, containment } = await supervisor.next("started");
    expect(containment).toBe(Containment.L0);
    while (supervisor.log(TWO).length === 0) await sleep(10);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(lives(pid)).toBe(true);
    start({ id: "runner2" });
    while ((await supervisor.next("hello")).runnerId !== "runner2");
    supervisor.send({ case: "reap", value: { targets: [{ executionId: ONE }, { executionId: TWO, pid, pidStartTicks }] } });
    const killed = [await supervisor.next("reaped"), await supervisor.next("reaped")];
    expect(killed.find(({ executionId }) => executionId === TWO)?.killed).toBeGreaterThan(0);
    expect(lives(pid)).toBe(false);
    expect(lives(Number(readFileSync(join(dataDir, "daemon"), "utf8")))).toBe(false);
  });

  test.skipIf(!hasNamespaces)("B1: at L2, a killed runner takes its CLI and all its daemons with it within a second", async () => {
    const { child } = start({ args: ["--containment", "L2"] });
    const nasty = `env -i setsid sh -c 'trap "" TERM HUP; sleep 600; :' ${dataDir}/daemon & trap "" INT TERM HUP; echo up; sleep 600; :`;
    await grant(["sh", "-c", nasty, `${dataDir}/main`]);
    const { pid, containment } = await supervisor.next("started");
    expect(containment).toBe(Containment.L2);
    while (supervisor.log(ONE).length === 0) await sleep(10);
    expect(lives(pid)).toBe(true);
    expect(processesWith(`${dataDir}/daemon`)).not.toEqual([]);
    const since = performance.now();
    child.kill("SIGKILL");
    while (lives(pid) || processesWith(dataDir).length > 0) {
      expect(performance.now() - since).toBeLessThan(1_000);
      await sleep(5);
    }
    start({ id: "runner2" });
    while ((await supervisor.next("hello")).runnerId !== "runner2");
    supervisor.send({ case: "reap", value: { targets: [{ executionId: ONE, pid }] } });
    expect(await supervisor.next("reaped")).toMatchObject({ executionId: ONE, killed: 0 });
  });

  test("what a killed runner had finished is delivered by another one, with its log", async () => {
    supervisor.settle = false;
    supervisor.storeLogs = false;
    const first = start();
    await grant(["sh", "-c", `echo one; echo two; printf '{"actions":[{"type":"skip"}]}' > {output}`]);
    const result = join(dataDir, `executions/${ONE}/result.json`);
    while (!existsSync(result)) await sleep(5);
    first.child.kill("SIGKILL");
    await first.ended;
    const before = supervisor.waiting("complete");
    supervisor.storeLogs = true;
    start({ id: "runner2" });
    while ((await supervisor.next("hello")).runnerId !== "runner2");
    supervisor.send({ case: "reap", value: { targets: [{ executionId: ONE }] } });
    for (let had = 0; had < before; had += 1) await supervisor.next("complete");
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: ONE, fence: 1n, cause: EndCause.EXITED, exitCode: 0 });
    expect(Buffer.from(complete.answer).toString()).toBe('{"actions":[{"type":"skip"}]}');
    expect(supervisor.log(ONE).map(({ text }) => text)).toEqual(["one", "two"]);
    expect(existsSync(result)).toBe(true);
    supervisor.send({ case: "settled", value: { executionId: ONE, verdict: SettledVerdict.APPLIED } });
    while (existsSync(result)) await sleep(5);
    expect(supervisor.waiting("reaped")).toBe(0);
  });
});
