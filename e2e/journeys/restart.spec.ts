import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExecutionOutcome, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskAttention, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { tailLog } from "@malamar/sdk/tail-log";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { executionProcesses, isAlive, runnerProcesses } from "../processes.ts";
import { type Server, startMalamar } from "../start-malamar.ts";
import { becomes, comments, createTeam, executions, explain, read, reachesReview, say } from "../team.ts";
import { watch } from "../watching.ts";

let server: Server;
beforeEach(async () => {
  server = await startMalamar();
});
afterEach(() => server.end());

const outcomes = async (id: string) => (await executions(server, id)).map(({ outcome }) => outcome);

test("SIGTERM: the runner keeps its step, the next supervisor takes it back, log and answer complete", async () => {
  const team = await createTeam(server, { Worker: ["print before ; wait go ; print after ; comment Done."], Next: [] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  expect(await server.stop("SIGTERM")).toBe(0);
  expect(isAlive(pid)).toBe(true);
  expect(runnerProcesses(server.dataDir)).toHaveLength(1);
  await server.start();
  expect(await read(server, id)).toMatchObject({ status: TaskStatus.IN_PROGRESS, liveExecutionId: executionId });
  team.open("go");
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({ id: executionId, outcome: ExecutionOutcome.FINISHED });
  expect(await comments(server, id)).toEqual(["Worker: Done."]);
  expect(await textOf(executionId)).toEqual(["before", "after"]);
});

test("SIGTERM: a step that ends while no supervisor is there is delivered to the next one", async () => {
  const team = await createTeam(server, { Worker: ["print before ; wait go ; print after ; comment Done."] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  await server.stop("SIGTERM");
  team.open("go");
  await eventually("the CLI has ended", () => !isAlive(pid));
  await server.start();
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({ id: executionId, outcome: ExecutionOutcome.FINISHED });
  expect(await comments(server, id)).toEqual(["Worker: Done."]);
  expect(await textOf(executionId)).toEqual(["before", "after"]);
  expect(team.turns("Worker").map((turn) => turn.executionId)).toContain(executionId);
});

test("SIGTERM: runners without a step end with their supervisor", async () => {
  const team = await createTeam(server, { Worker: [] });
  const { id } = await team.task();
  await reachesReview(server, id);
  await server.stop("SIGTERM");
  await eventually("no runner is left", () => runnerProcesses(server.dataDir).length === 0);
});

test("Ctrl-C: nothing is left running, the step is requeued blamelessly and done after the next start", async () => {
  const team = await createTeam(server, { Worker: ["sleep 60", "comment Done."] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  expect(await server.stop("SIGINT")).toBe(0);
  expect(isAlive(pid)).toBe(false);
  expect(executionProcesses(server.dataDir)).toEqual([]);
  expect(runnerProcesses(server.dataDir)).toEqual([]);
  await server.start();
  expect(await reachesReview(server, id)).toMatchObject({ runNumber: 1, attention: TaskAttention.CONVERGED });
  expect((await outcomes(id)).slice(0, 2)).toEqual([ExecutionOutcome.SUPERVISOR_STOPPING, ExecutionOutcome.FINISHED]);
  expect(await comments(server, id)).toEqual(["Worker: Done."]);
});

test("kill -9 of the supervisor: nothing that was acknowledged is lost, the step goes on and counts once", async () => {
  const team = await createTeam(server, { Worker: ["wait go ; comment Done."], Next: [] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  await say(server, id, "Kept.");
  const other = await team.task("Also kept");
  await server.stop("SIGKILL");
  expect(isAlive(pid)).toBe(true);
  await server.start();
  team.open("go");
  await reachesReview(server, id);
  await reachesReview(server, other.id);
  expect((await comments(server, id)).toSorted()).toEqual(["User: Kept.", "Worker: Done."]);
  expect((await executions(server, id))[0]).toMatchObject({ id: executionId, outcome: ExecutionOutcome.FINISHED });
});

test("kill -9 of the supervisor over and over while a team works: every step once, every comment once", async () => {
  const team = await createTeam(server, {
    A: ["comment a1", "comment a2", "comment a3"],
    B: ["comment b1", "comment b2", "comment b3"],
    C: ["comment c1", "comment c2", "comment c3"],
  });
  const { id } = await team.task();
  for (let round = 0; round < 4; round++) {
    await eventually("some more steps", async () => (await executions(server, id)).length >= 2 * (round + 1), { every: 5 });
    await server.stop("SIGKILL");
    await server.start();
  }
  await reachesReview(server, id);
  const ran = await executions(server, id);
  const applied = ran.filter(({ outcome }) => outcome === ExecutionOutcome.FINISHED);
  // What a killed runner or a lost order cost was tried again; what counted, counted once.
  const said = applied.flatMap(({ actions, agentName }) =>
    actions.filter(({ content }) => content !== "").map(({ content }) => `${agentName}: ${content}`),
  );
  expect((await comments(server, id)).filter((line) => !line.startsWith("System"))).toEqual(said);
  expect(ran.every(({ state }) => state === ExecutionState.ENDED)).toBe(true);
});

test("kill -9 of the runner: its CLI is swept, the step is tried again and counts against nobody", async () => {
  const team = await createTeam(server, { Worker: ["daemon ; sleep 60", "comment Done."] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  const [runner] = (await server.api.system.getSystem({})).system?.runners.filter(({ workspaceIds }) => workspaceIds.length > 0) ?? [];
  expect(runner?.liveExecutions).toBe(1);
  process.kill(runner?.pid ?? 0, "SIGKILL");
  expect(await reachesReview(server, id)).toMatchObject({ runNumber: 1, attention: TaskAttention.CONVERGED });
  expect(isAlive(pid)).toBe(false);
  expect((await outcomes(id)).slice(0, 2)).toEqual([ExecutionOutcome.RUNNER_LOST, ExecutionOutcome.FINISHED]);
  expect(executionProcesses(server.dataDir)).toEqual([]);
});

test("kill -9 of supervisor and runner at once: the CLI is swept after the start, the step is tried again", async () => {
  const team = await createTeam(server, { Worker: ["daemon ; sleep 60", "comment Done."] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  const runners = runnerProcesses(server.dataDir);
  process.kill(server.pid(), "SIGKILL");
  for (const runner of runners) process.kill(runner.pid, "SIGKILL");
  await server.stop();
  await server.start();
  await reachesReview(server, id);
  expect(isAlive(pid)).toBe(false);
  expect((await outcomes(id)).slice(0, 2)).toEqual([ExecutionOutcome.RUNNER_LOST, ExecutionOutcome.FINISHED]);
  expect((await comments(server, id)).at(-1)).toBe("Worker: Done.");
});

test("kill -9 of the CLI: an error like any other, tried again", async () => {
  const team = await createTeam(server, { Worker: ["warn half a word ; sleep 60", "comment Done."] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  await eventually("it has spoken", async () => ((await executions(server, id))[0]?.logLines ?? 0n) > 0n);
  process.kill(pid, "SIGKILL");
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({ outcome: ExecutionOutcome.EXIT_NONZERO, signal: "SIGKILL" });
  expect((await comments(server, id))[0]).toContain("Worker failed");
  expect(executionProcesses(server.dataDir)).toEqual([]);
});

test("a cancel that was accepted before a crash is carried out after it", async () => {
  const team = await createTeam(server, { Worker: ["stubborn ; sleep 60"] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  await server.api.tasks.cancelTask({ id });
  await server.stop("SIGKILL");
  await server.start();
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.CANCELLED });
  expect(isAlive(pid)).toBe(false);
  expect(await comments(server, id)).toEqual(["System: Task cancelled by user."]);
});

test("a client that watches goes through a restart without a lost or a doubled event", async () => {
  const team = await createTeam(server, { Worker: ["wait go ; comment Done."] });
  const seen = await watch(server, { workspaceId: team.workspace.id });
  const { id } = await team.task();
  await team.turn("Worker", 1);
  await server.stop("SIGTERM");
  await server.start();
  team.open("go");
  await becomes(server, id, "converged", (task) => task.attention === TaskAttention.CONVERGED);
  await seen.sees("the comment was made", ({ subject }) => subject.case === "comment");
  await seen.sees("the task is in review", ({ subject }) => subject.case === "task" && subject.value.status === TaskStatus.IN_REVIEW);
  seen.stop();
  const again = await watch(server, { workspaceId: team.workspace.id, cursor: "" });
  again.stop();
  const sequences = seen.events.map(({ sequence }) => sequence);
  expect(new Set(sequences).size).toBe(sequences.length);
  expect(seen.resyncs()).toBe(0);
});

test("L13: each attempt keeps its input, answer and output, whatever happened after it", async () => {
  const team = await createTeam(server, { Worker: ["print one ; warn oops ; crash 3", "print two ; comment Done."] });
  const { id } = await team.task();
  await reachesReview(server, id);
  await server.stop("SIGINT");
  await server.start();
  const [first, second] = await executions(server, id);
  const path = (execution: { id: string } | undefined, name: string) => join(server.dataDir, "executions", execution?.id ?? "", name);
  const file = (execution: { id: string } | undefined, name: string) => readFileSync(path(execution, name), "utf8");
  expect([file(first, "stdout.log"), file(second, "stdout.log")]).toEqual(["one\n", "two\n"]);
  expect(file(first, "stderr.log")).toBe("oops\n");
  expect(existsSync(path(second, "stderr.log"))).toBe(false);
  expect(file(first, "input.md")).not.toContain("attempt 2");
  expect(file(second, "input.md")).toContain("attempt 2");
  expect(existsSync(path(first, "output.json"))).toBe(false);
  expect(JSON.parse(file(second, "output.json"))).toEqual({ actions: [{ type: "comment", content: "Done." }] });
  expect(file(first, "prompt.txt")).toContain(join(server.dataDir, "executions", first?.id ?? "", "input.md"));
  expect((await explain(server, id)).sentence).toContain("waits for you");
});

async function textOf(executionId: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of tailLog(server.api.executions, { executionId, follow: true }))
    lines.push(...batch.lines.map(({ text }) => text));
  return lines;
}
