import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { findExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { NEW_WORKSPACE } from "#workspaces/workspace.ts";
import { createFleet, type Fleet, type FleetOptions } from "#runners/fleet.ts";
import { createProcessLauncher } from "#runners/process-launcher.ts";
import { isAlive } from "#runners/process-identity.ts";
import { livingRunners } from "#runners/runner-table.ts";
import { openTestRunnerSocket } from "./test-runner-socket.ts";

const program = fileURLToPath(new URL("../../fixtures/scripted-runner.mjs", import.meta.url));
const CONFIG = { workspacesPerRunner: 1, warmSpare: false, runnerIdle: 60_000, lease: 300_000 };
const TIMES = {
  tick: 50,
  helloLimit: 5_000,
  absentLimit: 5_000,
  retireLimit: 2_000,
  provenAfter: 60_000,
  stopLimit: 3_000,
  endGrace: 500,
  spareDelay: 10,
};

type House = Awaited<ReturnType<typeof openTestRunnerSocket>>;
let house: House;
let fleet: Fleet;
let words: string[];

/** A supervisor with a fleet of real processes. The same house again is the next supervisor on the same data. */
function startFleet({ config = {}, times = {} }: { config?: Partial<FleetOptions["config"]>; times?: FleetOptions["times"] } = {}) {
  const { folder: dataDir, deps, registry, path: socketPath } = house;
  const launcher = createProcessLauncher({
    program,
    socketPath,
    dataDir,
    logFolder: join(dataDir, "out"),
    env: process.env,
    pollInterval: 50,
  });
  words = [];
  const note = (text: string) => void words.push(text);
  let ids = 0;
  const newId = () => `runner${process.pid}x${performance.now().toFixed(0)}x${++ids}`;
  fleet = createFleet({
    deps: { ...deps, newId },
    registry,
    launcher,
    newToken: () => "a token",
    config: { ...CONFIG, ...config },
    times: { ...TIMES, ...times },
    log: { info: note, warn: note, error: (error, text) => note(`${text} ${String(error)}`) },
  });
  return { launcher };
}

async function setUp(options: Parameters<typeof startFleet>[0] = {}) {
  house = await openTestRunnerSocket();
  return startFleet(options);
}

afterEach(async () => {
  await fleet.shutdown("kill");
  const left = processesOf(house.folder);
  await house.close();
  if (left.length > 0) throw new Error(`The fleet left processes behind: ${left.join("; ")}`);
});

/** Every process that belongs to this test, runner or CLI: the CLIs inherit nothing but their marker. */
function processesOf(folder: string): string[] {
  const ids = house.deps.store.reader.prepare("SELECT id FROM executions").pluck().all() as string[];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        const ours =
          command.includes(folder) || (command.startsWith("sleep") && ids.some((id) => environment.includes(`MALAMAR_EXECUTION_ID=${id}`)));
        return ours ? [command] : [];
      } catch {
        return [];
      }
    });
}

const attached = () => house.registry.attached().length;
const rows = () => livingRunners(house.deps.store.reader);
const present = (execution: Execution) => findExecution(house.deps.store.reader, execution.id) as Execution;
const soon = { timeout: 8_000 };
const behave = (behaviour: string) => writeFileSync(join(house.folder, "behaviour"), behaviour);

/** A workspace's runner carries out a step: a `sleep` that never ends by itself. */
async function working(): Promise<Execution> {
  house.task();
  fleet.ensure(house.workspaceId);
  await expect.poll(() => house.registry.attached().find((one) => one.workspaceIds.includes(house.workspaceId))?.credits, soon).toBe(1);
  const execution = house.lease() as Execution;
  await house.deps.store.durable();
  const order = { type: "grant" as const, grant: grantOf(execution) };
  house.registry.send(execution.runnerId, order);
  await expect.poll(() => present(execution).state, soon).toBe("running");
  return present(execution);
}

function grantOf({ requestId, id: executionId, fence, workspaceId, taskId }: Execution) {
  const input = { otherAgents: [], notes: [], comments: [], activities: [] } as never;
  const limits = { timeLimit: 0, silenceWarning: 0, silenceLimit: 0, logCap: 1, stopGrace: 1, finishGrace: 1 };
  const cli = { name: "demo", model: "", custom: null };
  return { requestId, executionId, fence, workspaceId, taskId, directoryMode: "temp" as const, directoryPath: "", input, cli, limits };
}

test("a workspace that needs a runner gets one, once, however often it asks", async () => {
  await setUp();
  expect(fleet.state(house.workspaceId)).toBe("none");
  fleet.ensure(house.workspaceId);
  fleet.ensure(house.workspaceId);
  expect(fleet.state(house.workspaceId)).toBe("starting");
  await expect.poll(() => fleet.state(house.workspaceId), soon).toBe("attached");
  fleet.ensure(house.workspaceId);
  expect(rows()).toHaveLength(1);
  expect(attached()).toBe(1);
});

test("the warm spare is taken in one message, and another one is started behind it", async () => {
  await setUp({ config: { warmSpare: true } });
  fleet.ensure(house.workspaceId);
  await expect.poll(attached, soon).toBe(2);
  const spare = house.registry.attached().find((one) => one.workspaceIds.length === 0);
  const other = createWorkspace(house.deps, { ...NEW_WORKSPACE, title: "Other", prefix: "OTH" });
  fleet.ensure(other.id);
  expect(fleet.state(other.id)).toBe("attached");
  expect(house.registry.carrierOf(other.id)).toBe(spare?.id);
  await expect.poll(attached, soon).toBe(3);
});

test("several workspaces share a runner where this is set", async () => {
  await setUp({ config: { workspacesPerRunner: 2 } });
  const ids = [house.workspaceId];
  for (const prefix of ["OTH", "THI"]) ids.push(createWorkspace(house.deps, { ...NEW_WORKSPACE, title: prefix, prefix }).id);
  for (const id of ids) fleet.ensure(id);
  await expect.poll(attached, soon).toBe(2);
  expect(
    house.registry
      .attached()
      .map((one) => one.workspaceIds.length)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 2]);
});

test("idle runners and the spare end by themselves, and then nothing is left", async () => {
  await setUp({ config: { warmSpare: true, runnerIdle: 2_000 } });
  fleet.ensure(house.workspaceId);
  await expect.poll(attached, soon).toBe(2);
  await expect.poll(rows, soon).toEqual([]);
  expect(processesOf(house.folder)).toEqual([]);
  expect(words.filter((text) => text.includes("unexpectedly"))).toEqual([]);
});

test("a working runner is not idle", async () => {
  await setUp({ config: { runnerIdle: 200 } });
  const execution = await working();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(present(execution).state).toBe("running");
  expect(attached()).toBe(1);
});

test("when a runner is killed, its CLI is reaped by the next one and the step starts again", async () => {
  await setUp();
  const execution = await working();
  const [row] = rows();
  process.kill(row!.pid, "SIGKILL");
  await expect.poll(() => present(execution), soon).toMatchObject({ state: "ended", outcome: "runner_lost" });
  await expect.poll(() => isAlive(execution), soon).toBe(false);
  expect(rows().map((one) => one.id)).not.toContain(row!.id);
  expect(words.join()).toContain("1 of its steps start again");
  house.deps.pass(60_000);
  expect((await working()).id).not.toBe(execution.id);
});

test("a runner program that crashes at its start is tried less and less often, and the reason is said", async () => {
  await setUp();
  behave("crash");
  fleet.ensure(house.workspaceId);
  await expect
    .poll(() => fleet.trouble(), soon)
    .toMatch(/failed 2 times in a row; the next one is started in 1 s.*crashes as it was told/s);
  expect(fleet.state(house.workspaceId)).toBe("starting");
  expect(attached()).toBe(0);
  behave("");
  await expect.poll(attached, soon).toBe(1);
});

test("a runner that never says Hello is given up", async () => {
  await setUp({ times: { helloLimit: 1_500 } });
  behave("mute");
  fleet.ensure(house.workspaceId);
  await expect.poll(() => words.join(), soon).toContain("does not answer; it is being ended");
  behave("");
  await expect.poll(attached, soon).toBe(1);
});

test("a runner that works but sends no heartbeat for the time of its lease is given up", async () => {
  await setUp({ config: { lease: 300 } });
  const execution = await working();
  await expect.poll(() => present(execution), soon).toMatchObject({ state: "ended", outcome: "runner_lost" });
  expect(words.join()).toContain("not even sent a heartbeat");
});

test("shutdown keep leaves a working runner alone and the next supervisor adopts it", async () => {
  await setUp({ config: { warmSpare: true } });
  const execution = await working();
  await expect.poll(attached, soon).toBe(2);
  await fleet.shutdown("keep");
  expect(rows().map((one) => one.id)).toEqual([execution.runnerId]);
  expect(isAlive(execution)).toBe(true);
  house.registry.expel(execution.runnerId);
  startFleet();
  await fleet.start();
  expect(fleet.state(house.workspaceId)).toBe("starting");
  await expect.poll(() => fleet.state(house.workspaceId), soon).toBe("attached");
  expect(present(execution).state).toBe("running");
  expect(house.registry.carrierOf(house.workspaceId)).toBe(execution.runnerId);
});

test("a runner that died while no supervisor was there is found dead, and its step is reaped", async () => {
  await setUp();
  const execution = await working();
  await fleet.shutdown("keep");
  process.kill(rows()[0]!.pid, "SIGKILL");
  await expect.poll(() => processesOf(house.folder).filter((command) => command.includes("scripted-runner")), soon).toEqual([]);
  expect(isAlive(execution)).toBe(true);
  startFleet();
  await fleet.start();
  await expect.poll(() => present(execution), soon).toMatchObject({ state: "ended", outcome: "runner_lost" });
  await expect.poll(() => isAlive(execution), soon).toBe(false);
});

test("a runner that nobody remembers is ended at the start", async () => {
  const { launcher } = await setUp();
  const forgotten = await launcher.launch({ runnerId: "forgotten", boot: 1, token: "lost" });
  await fleet.start();
  expect(isAlive(forgotten)).toBe(false);
  expect(words.join()).toContain("not known here any more");
});

test("shutdown kill stops every step, delivers it, and leaves no process", async () => {
  await setUp();
  const execution = await working();
  await fleet.shutdown("kill");
  expect(present(execution)).toMatchObject({ state: "ended", outcome: "supervisor_stopping" });
  expect(processesOf(house.folder)).toEqual([]);
  expect(rows()).toEqual([]);
});

test("shutdown kill ends even what answers to nothing, and the step is reaped the next time", async () => {
  await setUp({ times: { stopLimit: 500 } });
  house.task();
  behave("deaf");
  const execution = await working();
  const child = execFileSync("sh", ["-c", "MALAMAR_EXECUTION_ID=$0 setsid sleep 300 >/dev/null 2>&1 & echo $!", execution.id], {
    encoding: "utf8",
  });
  expect(readFileSync(`/proc/${child.trim()}/environ`, "utf8")).toContain(execution.id);
  await fleet.shutdown("kill");
  expect(processesOf(house.folder)).toEqual([]);
  expect(present(execution).state).toBe("reaping");
  behave("");
  startFleet();
  await fleet.start();
  await expect.poll(() => present(execution).outcome, soon).toBe("runner_lost");
});

test("runners that are still starting are ended with everything else", async () => {
  await setUp();
  fleet.ensure(house.workspaceId);
  await fleet.shutdown("keep");
  expect(processesOf(house.folder)).toEqual([]);
  fleet.ensure(house.workspaceId);
  expect(rows()).toEqual([]);
});
