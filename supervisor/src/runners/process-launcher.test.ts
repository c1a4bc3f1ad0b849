import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LivingRunner, RunnerEnd } from "./launcher.ts";
import { isAlive, processFacts } from "./process-identity.ts";
import { createProcessLauncher } from "./process-launcher.ts";

const program = fileURLToPath(new URL("../../fixtures/tiny-runner.mjs", import.meta.url));

let dataDir: string;
const started: LivingRunner[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "malamar-launch-"));
});
afterEach(async () => {
  const launcher = make();
  await Promise.all(started.splice(0).map((runner) => launcher.stop(runner, 0)));
  if ((await launcher.list()).length > 0) throw new Error("The test left a process behind.");
  await rm(dataDir, { recursive: true });
});

const make = (env: NodeJS.ProcessEnv = process.env) =>
  createProcessLauncher({ program, socketPath: join(dataDir, "s"), dataDir, logFolder: join(dataDir, "logs"), env, pollInterval: 30 });

async function launch(launcher: ReturnType<typeof make>, runnerId: string, token = "wait") {
  const living = await launcher.launch({ runnerId, boot: 4, token });
  started.push(living);
  return living;
}

const facts = (id: string) => JSON.parse(readFileSync(join(dataDir, `${id}.json`), "utf8")) as Record<string, never>;
const ready = (id: string) => expect.poll(() => existsSync(join(dataDir, `${id}.json`)), { timeout: 5_000 }).toBe(true);
const endOf = (launcher: ReturnType<typeof make>, runner: LivingRunner) =>
  new Promise<RunnerEnd>((resolve) => launcher.watch(runner, resolve));

test("a runner gets its order by arguments, its token by standard input only, and none of our settings", async () => {
  const launcher = make({
    PATH: process.env["PATH"],
    HOME: "/home/somebody",
    MALAMAR_PORT: "1",
    MALAMAR_EXECUTION_ID: "x",
    MALAMAR_DEMO_PACE: "0",
  });
  const living = await launch(launcher, "r1", "very secret");
  await ready("r1");
  const { args, token, env } = facts("r1");
  expect(args).toEqual(["--socket", join(dataDir, "s"), "--id", "r1", "--boot", "4", "--data-dir", dataDir]);
  expect(token).toBe("very secret");
  expect(env).toEqual({ PATH: process.env["PATH"], HOME: "/home/somebody", MALAMAR_DEMO_PACE: "0" });
  expect(readFileSync(`/proc/${living.pid}/cmdline`, "utf8")).not.toContain("very secret");
  expect(statSync(join(dataDir, "logs", "r1.log")).mode & 0o777).toBe(0o600);
  // A session of its own, so that no terminal's Ctrl-C reaches it.
  expect(Number(readFileSync(`/proc/${living.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[3])).toBe(living.pid);
});

test("the folders that killed runners had ready are removed, those of living ones are not", async () => {
  const launcher = make();
  await launch(launcher, "r1");
  const folder = join(dataDir, "executions");
  for (const name of [".spare-r1", ".spare-gone", "execution"]) mkdirSync(join(folder, name, "tmp"), { recursive: true });
  await launcher.tidy();
  expect(readdirSync(folder).toSorted()).toEqual([".spare-r1", "execution"]);
});

test("launching the same runner again finds the one that lives", async () => {
  const launcher = make();
  const first = await launch(launcher, "r1");
  expect(await launcher.launch({ runnerId: "r1", boot: 4, token: "wait" })).toEqual(first);
  expect(await launcher.list()).toEqual([first]);
});

test("living runners are found by looking at the machine, also by a launcher that started none of them", async () => {
  const first = await launch(make(), "r1");
  const second = await launch(make(), "r2");
  const found = await make().list();
  expect(found.toSorted((a, b) => a.runnerId.localeCompare(b.runnerId))).toEqual([first, second]);
  const elsewhere = createProcessLauncher({ program, socketPath: "s", dataDir: "/elsewhere", logFolder: dataDir, env: {} });
  expect(await elsewhere.list()).toEqual([]);
});

test("an end by error is told with the last words, and a clean end leaves no file", async () => {
  const launcher = make();
  const failed = await endOf(launcher, await launch(launcher, "r1", "fail"));
  expect(failed.clean).toBe(false);
  expect(failed.sentence).toContain("ended with exit code 3");
  expect(failed.sentence).toContain("no bread in the house");
  expect(await endOf(launcher, await launch(launcher, "r2", "done"))).toEqual({
    clean: true,
    sentence: "The runner program ended with exit code 0.",
  });
  expect(readdirSync(join(dataDir, "logs"))).toEqual(["r1.log"]);
});

test("the death of a runner that another supervisor started is seen as well", async () => {
  const living = await launch(make(), "r1");
  const adopted = endOf(make(), living);
  process.kill(living.pid, "SIGKILL");
  expect(await adopted).toEqual({ clean: false, sentence: "The runner program is gone." });
  expect(await endOf(make(), living)).toMatchObject({ clean: false });
});

test("a runner that ignores being asked is killed, and gone is proven", async () => {
  const launcher = make();
  const polite = await launch(launcher, "r1");
  const stubborn = await launch(launcher, "r2", "stubborn");
  await Promise.all([ready("r1"), ready("r2")]);
  await launcher.stop(polite, 5_000);
  expect(isAlive(polite)).toBe(false);
  const began = performance.now();
  await launcher.stop(stubborn, 200);
  expect(performance.now() - began).toBeGreaterThan(190);
  expect(isAlive(stubborn)).toBe(false);
});

test("a process that has a runner's old number is left alone", async () => {
  const bystander = spawn("sleep", ["60"]);
  const ticks = processFacts(bystander.pid!)?.startTicks ?? 0;
  await make().stop({ runnerId: "r1", pid: bystander.pid!, pidStartTicks: ticks - 1 }, 0);
  expect(processFacts(bystander.pid!)?.startTicks).toBe(ticks);
  bystander.kill("SIGKILL");
});

test("logs of runners that ended a week ago are removed, those of living ones never", async () => {
  const launcher = make();
  await launch(launcher, "r1");
  const old = new Date(Date.now() - 8 * 86_400_000);
  for (const name of ["r1", "r2", "r3"]) writeFileSync(join(dataDir, "logs", `${name}.log`), "words");
  for (const name of ["r1", "r2"]) utimesSync(join(dataDir, "logs", `${name}.log`), old, old);
  await launcher.tidy();
  expect(readdirSync(join(dataDir, "logs"))).toEqual(["r1.log", "r3.log"]);
});

test("a program that is not there is said so before anything is started", async () => {
  const launcher = createProcessLauncher({ program: "/nowhere/runner.cjs", socketPath: "s", dataDir, logFolder: dataDir, env: {} });
  expect(await launcher.probe()).toContain("/nowhere/runner.cjs cannot be read");
  expect(await make().probe()).toBeUndefined();
});
