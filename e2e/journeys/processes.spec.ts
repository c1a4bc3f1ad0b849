import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Containment, ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskAttention } from "@malamar/proto/malamar/v1/task_pb";
import { tailLog } from "@malamar/sdk/tail-log";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { executionProcesses, isAlive, runnerProcesses } from "../processes.ts";
import { type Server, startMalamar } from "../start-malamar.ts";
import { comments, createTeam, executions, reachesReview } from "../team.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.end();
});

async function serverWith(config: Record<string, unknown> = {}): Promise<Server> {
  const server = await startMalamar({ config });
  servers.push(server);
  return server;
}

test("L17: the level of containment can be chosen, and what runs is listed with what it uses", async () => {
  const server = await serverWith({ containment: "L0", renewInterval: "100ms" });
  const team = await createTeam(server, { Worker: ["wait go ; skip"] });
  const { id, key } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  const live = async () => (await server.api.system.listProcesses({})).executions[0];
  await eventually("it was measured", async () => (await live())?.processes !== undefined);
  const shown = await live();
  expect(shown).toMatchObject({ executionId, taskKey: key, agentName: "Worker", containment: Containment.L0 });
  expect(isAlive(shown?.pid ?? 0)).toBe(true);
  expect(executionProcesses(server.dataDir).map((found) => found.pid)).toEqual(expect.arrayContaining([pid, shown?.pid]));
  expect(shown?.processes).toBeGreaterThan(0);
  expect(shown?.memoryBytes).toBeGreaterThan(100_000n);
  const { runners } = await server.api.system.listProcesses({});
  expect(runners.find(({ liveExecutions }) => liveExecutions === 1)).toMatchObject({ id: shown?.runnerId, attached: true });
  team.open("go");
  await reachesReview(server, id);
  expect((await executions(server, id))[0]?.containment).toBe(Containment.L0);
  expect((await server.api.system.listProcesses({})).executions).toEqual([]);
});

test("B1: a runner that is killed takes its CLI with it, and the step is tried again within five seconds", async () => {
  const server = await serverWith();
  const team = await createTeam(server, { Worker: ["daemon ; sleep 60", "comment Done."] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  const level = (await server.api.executions.getExecution({ id: executionId })).execution?.containment;
  const since = performance.now();
  const carrier = (await server.api.system.listProcesses({})).runners.find(({ liveExecutions }) => liveExecutions === 1);
  process.kill(carrier?.pid ?? 0, "SIGKILL");
  await eventually("the CLI is dead", () => !isAlive(pid), { every: 5 });
  const dead = performance.now() - since;
  await team.turn("Worker", 2);
  const retried = performance.now() - since;
  console.log(`runner killed (containment ${level}): CLI dead after ${Math.round(dead)} ms, tried again after ${Math.round(retried)} ms`);
  if (level === Containment.L2) expect(dead).toBeLessThan(1_000);
  expect(retried).toBeLessThan(5_000);
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.CONVERGED });
});

test("a supervisor that is killed and started again takes its step back within ten seconds", async () => {
  const server = await serverWith();
  const team = await createTeam(server, { Worker: ["print before ; wait go ; print after ; comment Done."] });
  const { id } = await team.task();
  const { executionId } = await team.turn("Worker", 1);
  await server.stop("SIGKILL");
  const since = performance.now();
  await server.start();
  const carrier = async () => (await server.api.system.listProcesses({})).runners.find(({ liveExecutions }) => liveExecutions === 1);
  await eventually("its runner is attached again", async () => (await carrier())?.attached === true, { every: 10, timeout: 10_000 });
  console.log(`supervisor killed: step taken back ${Math.round(performance.now() - since)} ms after the start`);
  team.open("go");
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({ id: executionId, outcome: ExecutionOutcome.FINISHED });
  const lines: string[] = [];
  for await (const batch of tailLog(server.api.executions, { executionId, follow: true }))
    lines.push(...batch.lines.map(({ text }) => text));
  expect(lines).toEqual(["before", "after"]);
});

test("what a runner had finished when it was killed is applied, not done again", async () => {
  const server = await serverWith();
  const team = await createTeam(server, { Worker: ["print word ; wait go ; comment Done.", "comment Again."] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  await server.stop("SIGKILL");
  team.open("go");
  await eventually("the result is on the disk", () => existsSync(join(server.dataDir, "executions", executionId, "result.json")), {
    every: 5,
  });
  expect(isAlive(pid)).toBe(false);
  for (const runner of runnerProcesses(server.dataDir)) process.kill(runner.pid, "SIGKILL");
  await server.start();
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({ id: executionId, outcome: ExecutionOutcome.FINISHED });
  expect((await comments(server, id))[0]).toBe("Worker: Done.");
  const lines: string[] = [];
  for await (const batch of tailLog(server.api.executions, { executionId, follow: true }))
    lines.push(...batch.lines.map(({ text }) => text));
  expect(lines).toEqual(["word"]);
});

test("the spare folder of a runner that was killed is removed at the next start", async () => {
  const server = await serverWith();
  const team = await createTeam(server, { Worker: ["wait go ; skip"] });
  const { id } = await team.task();
  await team.turn("Worker", 1);
  const spares = () => readdirSync(join(server.dataDir, "executions")).filter((name) => name.startsWith(".spare-"));
  await eventually("a spare folder lies ready", () => spares().length > 0);
  const before = spares();
  await server.stop("SIGKILL");
  for (const runner of runnerProcesses(server.dataDir)) process.kill(runner.pid, "SIGKILL");
  await server.start();
  await eventually("it is gone", () => spares().every((name) => !before.includes(name)));
  team.open("go");
  await reachesReview(server, id);
});
