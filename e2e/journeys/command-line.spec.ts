import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { expectNothingLeft, isAlive } from "../processes.ts";
import { ROOT, type Server, startMalamar } from "../start-malamar.ts";
import { createTeam, reachesReview, comments } from "../team.ts";

let server: Server;
beforeEach(async () => {
  server = await startMalamar({ started: false });
});
afterEach(async () => {
  await server.command("stop", "--now");
  await expectNothingLeft(server.dataDir, "executions and runners");
  await server.end();
});

test("start, status, stop: in the background, with words and exit codes for each state", async () => {
  expect(await server.command("status")).toMatchObject({ code: 3 });
  const started = await server.command("start");
  expect(started.code, started.err).toBe(0);
  expect(started.out + started.err).toContain(`:${server.port}`);
  const status = await server.command("status");
  expect(status.code, status.err).toBe(0);
  expect(status.out).toContain(`:${server.port}`);
  const facts = JSON.parse((await server.command("status", "--json")).out) as { pid: number };
  expect(isAlive(facts.pid)).toBe(true);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

  // Starting it twice changes nothing and is no mistake.
  const again = await server.command("start");
  expect(again.code).toBe(0);
  expect((JSON.parse((await server.command("status", "--json")).out) as { pid: number }).pid).toBe(facts.pid);

  const stopped = await server.command("stop");
  expect(stopped.code, stopped.err).toBe(0);
  expect(isAlive(facts.pid)).toBe(false);
  expect(await server.command("status")).toMatchObject({ code: 3 });
  expect((await server.command("stop")).code).toBe(0);
});

test("stop keeps the running step, stop --now ends it, stop --drain waits for it", async () => {
  await server.command("start");
  const team = await createTeam(server, { Worker: ["wait go ; comment Kept.", "sleep 60", "wait later ; comment Drained."] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  expect((await server.command("stop")).code).toBe(0);
  expect(isAlive(pid)).toBe(true);
  team.open("go");
  await server.command("start");
  const second = await team.turn("Worker", 2);
  expect(await comments(server, id)).toEqual(["Worker: Kept."]);
  expect((await server.command("stop", "--now")).code).toBe(0);
  expect(isAlive(second.pid)).toBe(false);
  await server.command("start");
  await team.turn("Worker", 3);
  const drained = server.command("stop", "--drain");
  await sleep(700);
  expect(isAlive((await team.turn("Worker", 3)).pid)).toBe(true);
  team.open("later");
  expect((await drained).code).toBe(0);
  await server.command("start");
  await reachesReview(server, id);
  expect(await comments(server, id)).toEqual(["Worker: Kept.", "Worker: Drained."]);
});

test("a second instance on the same data directory is refused and names the first (75)", async () => {
  await server.start();
  const second = await server.command("serve", "--port", "0");
  expect(second.code).toBe(75);
  expect(second.err).toContain(String(server.pid()));
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("a port that is taken is named, and nothing is left behind", async () => {
  await server.start();
  const other = await startMalamar({ started: false, config: { port: server.port } });
  const ran = await other.command("serve");
  expect(ran.code).toBe(1);
  expect(ran.err + ran.out).toContain(String(server.port));
  expect(ran.err + ran.out).not.toMatch(/\n {4}at /);
  await other.end();
});

test("L09: an unknown key in the configuration is refused at the start with file, line and key (78)", async () => {
  const given = JSON.parse(readFileSync(server.configFile, "utf8")) as object;
  writeFileSync(server.configFile, JSON.stringify({ ...given, prot: 1 }, null, 2));
  for (const command of ["serve", "start"]) {
    const ran = await server.command(command);
    expect(ran.code).toBe(78);
    expect(ran.err).toMatch(/malamar\.yaml:\d+: prot is not a setting/);
  }
  expect(existsSync(join(server.dataDir, "malamar.sqlite"))).toBe(false);
  writeFileSync(server.configFile, JSON.stringify(given));
});

test("L09: unknown variables, flags and placeholders are refused as well", async () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(join(ROOT, "bin/malamar"), args, { cwd: server.folder, env: { ...server.env, ...env }, encoding: "utf8", timeout: 20_000 });
  expect(run(["serve"], { MALAMAR_PROT: "1" })).toMatchObject({ status: 78, stderr: expect.stringContaining("MALAMAR_PROT") });
  expect(run(["serve", "--prot", "1"]).status).not.toBe(0);
  const given = JSON.parse(readFileSync(server.configFile, "utf8")) as { clis: object };
  writeFileSync(server.configFile, JSON.stringify({ ...given, clis: { odd: { command: ["x", "{inptu}"] } } }));
  expect(run(["serve"])).toMatchObject({ status: 78, stderr: expect.stringContaining("{inptu}") });
  writeFileSync(server.configFile, JSON.stringify(given));
});

test("L12: doctor looks for the program of each CLI and at everything else, stopped or running, and changes nothing", async () => {
  const given = JSON.parse(readFileSync(server.configFile, "utf8")) as { clis: object };
  writeFileSync(server.configFile, JSON.stringify({ ...given, clis: { ...given.clis, absent: { command: ["/nonexistent/cli"] } } }));
  const before = await server.command("doctor");
  expect(before.code, before.out + before.err).toBe(0);
  expect(before.out).toMatch(/absent.*\/nonexistent\/cli.*not found/);
  expect(before.out).toMatch(/python.*\/usr\/bin\/python3/);
  expect(existsSync(join(server.dataDir, "malamar.sqlite"))).toBe(false);
  await server.start();
  const running = await server.command("doctor");
  expect(running.code, running.out + running.err).toBe(0);
  expect(running.out).toContain(String(server.pid()));
});

test("the sample workspace of a fresh installation reaches review with the demo CLI, without any settings", async () => {
  const fresh = await startMalamar({ config: { sample: true, clis: {} } });
  const { workspaces } = await fresh.api.workspaces.listWorkspaces({});
  const { agents } = await fresh.api.agents.listAgents({ workspaceId: workspaces[0]?.id ?? "" });
  expect(agents.map(({ name }) => name)).toEqual(["Planner", "Implementer", "Reviewer", "Approver"]);
  expect(new Set(agents.map(({ cli }) => cli))).toEqual(new Set(["demo"]));
  const { task } = await fresh.api.tasks.createTask({ workspaceId: workspaces[0]?.id ?? "", summary: "Write a haiku about rivers" });
  await reachesReview(fresh, task?.id ?? "", 50_000);
  expect((await comments(fresh, task?.id ?? "")).length).toBeGreaterThan(0);
  await fresh.end();
});
