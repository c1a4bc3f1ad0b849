import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskAttention, TaskStatus, TaskStopping } from "@malamar/proto/malamar/v1/task_pb";
import { toProblem } from "@malamar/sdk/problem";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { executionProcesses, isAlive } from "../processes.ts";
import { becomes, comments, createTeam, executions, explain, read, reachesReview, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { watch } from "../watching.ts";

const server = useMalamar();

const problemOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => toProblem(error),
  );

test("L03: a cancel ends the process and keeps the task in review until somebody comments; no further agent runs", async () => {
  const team = await createTeam(server, { Worker: ["sleep 60"], Next: [] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  await say(server, id, "Said before the cancel.");
  const { task } = await server.api.tasks.cancelTask({ id });
  expect(task).toMatchObject({ status: TaskStatus.IN_PROGRESS, stopping: TaskStopping.CANCELLING });
  const cancelled = await reachesReview(server, id);
  expect(isAlive(pid)).toBe(false);
  expect(cancelled).toMatchObject({ attention: TaskAttention.CANCELLED, liveExecutionId: "" });
  expect(await comments(server, id)).toEqual(["User: Said before the cancel.", "System: Task cancelled by user."]);
  expect((await executions(server, id)).map(({ outcome, agentName }) => [agentName, outcome])).toEqual([
    ["Worker", ExecutionOutcome.CANCELLED],
  ]);
  await sleep(300);
  expect(await read(server, id)).toMatchObject({ status: TaskStatus.IN_REVIEW, runNumber: 1 });
  expect(team.turns("Next")).toEqual([]);
  expect(await problemOf(server.api.tasks.cancelTask({ id }))).toMatchObject({ kind: "wrong_state", reason: "task_in_review" });

  await say(server, id, "Go on after all.");
  expect(await becomes(server, id, "converged", (each) => each.attention === TaskAttention.CONVERGED)).toMatchObject({ runNumber: 2 });
});

test("a cancel ends a CLI that ignores every polite signal, and the daemons it left", async () => {
  const team = await createTeam(server, { Worker: ["stubborn ; daemon ; sleep 60"] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  await eventually("the daemon runs", () => executionProcesses(server.dataDir).some(({ command }) => command === "sleep 300 "));
  await server.api.tasks.cancelTask({ id });
  await reachesReview(server, id);
  expect(isAlive(pid)).toBe(false);
  expect(executionProcesses(server.dataDir).filter((each) => each.executionId === executionId)).toEqual([]);
});

test("what a CLI leaves running after a good answer is ended with its step", async () => {
  const team = await createTeam(server, { Worker: ["daemon ; comment Done."] });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect(await comments(server, id)).toEqual(["Worker: Done."]);
  expect(executionProcesses(server.dataDir)).toEqual([]);
});

test("a CLI that answered and does not end is ended after the grace, and its answer counts", async () => {
  const team = await createTeam(server, { Worker: ["comment Done. ; linger 60"] });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect(await comments(server, id)).toEqual(["Worker: Done."]);
  expect((await executions(server, id))[0]).toMatchObject({ outcome: ExecutionOutcome.FINISHED });
});

test("a task that is deleted while it runs goes with its process, its folders and everything said", async () => {
  const team = await createTeam(server, { Worker: ["write made.txt x ; sleep 60"] });
  const { id } = await team.task();
  const { pid, executionId } = await team.turn("Worker", 1);
  const folders = [join(server.dataDir, "tasks", id), join(server.dataDir, "executions", executionId)];
  await eventually("the agent has worked", () => existsSync(join(server.dataDir, "tasks", id, "made.txt")));
  expect(folders.map((folder) => existsSync(folder))).toEqual([true, true]);
  const seen = await watch(server, { workspaceId: team.workspace.id });
  expect(await server.api.tasks.deleteTask({ id })).toMatchObject({ deleted: false });
  expect(await problemOf(server.api.tasks.createComment({ taskId: id, content: "too late" }))).toMatchObject({ kind: "not_found" });
  await seen.sees("the task is deleted", ({ type, taskId }) => type === EventType.TASK_DELETED && taskId === id);
  seen.stop();
  expect(isAlive(pid)).toBe(false);
  expect(await problemOf(server.api.tasks.getTask({ id }))).toMatchObject({ kind: "not_found" });
  expect(await problemOf(server.api.executions.getExecution({ id: executionId }))).toMatchObject({ kind: "not_found" });
  await eventually("the folders are gone", () => folders.every((folder) => !existsSync(folder)), { instead: () => folders });
});

test("a task that does not run is deleted at once", async () => {
  const team = await createTeam(server, { Worker: [] });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect(await server.api.tasks.deleteTask({ id })).toMatchObject({ deleted: true });
  expect(await problemOf(server.api.tasks.getTask({ id }))).toMatchObject({ kind: "not_found" });
});

test("a task that is moved to review while it runs stays there, without a word of the system", async () => {
  const team = await createTeam(server, { Worker: ["sleep 60"], Next: [] });
  const { id } = await team.task();
  const { pid } = await team.turn("Worker", 1);
  const { task } = await server.api.tasks.moveTask({ id, status: TaskStatus.IN_REVIEW });
  expect(task?.stopping).toBe(TaskStopping.MOVING);
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.NONE });
  expect(isAlive(pid)).toBe(false);
  expect(await comments(server, id)).toEqual([]);
  await server.api.tasks.moveTask({ id, status: TaskStatus.TODO });
  expect(await becomes(server, id, "converged", (each) => each.attention === TaskAttention.CONVERGED)).toMatchObject({ runNumber: 2 });
});

test("a restart ends what runs and begins again at the first agent, with everything said", async () => {
  const team = await createTeam(server, { First: ["comment One."], Second: ["sleep 60", "tell"] });
  const { id } = await team.task();
  const { pid } = await team.turn("Second", 1);
  await server.api.tasks.restartTask({ id });
  await becomes(server, id, "in its second run", (task) => task.runNumber === 2);
  expect(isAlive(pid)).toBe(false);
  await reachesReview(server, id);
  const steps = (await executions(server, id)).map(({ runNumber, agentName }) => `${runNumber} ${agentName}`);
  expect(steps.slice(0, 4)).toEqual(["1 First", "1 Second", "2 First", "2 Second"]);
  expect((await comments(server, id))[1]).toContain("comments 1");
});

test("a workspace that is deleted while it works goes with everything in it", async () => {
  const team = await createTeam(server, { Worker: ["sleep 60"] });
  const { id } = await team.task();
  const waiting = await team.task("waits");
  const { pid } = await team.turn("Worker", 1);
  await server.api.workspaces.deleteWorkspace({ id: team.workspace.id });
  await eventually(
    "the workspace is gone",
    async () => (await problemOf(server.api.workspaces.getWorkspace({ id: team.workspace.id })))?.kind === "not_found",
  );
  expect(isAlive(pid)).toBe(false);
  for (const each of [id, waiting.id]) expect(await problemOf(server.api.tasks.getTask({ id: each }))).toMatchObject({ kind: "not_found" });
  await eventually("the task's folder is gone", () => !existsSync(join(server.dataDir, "tasks", id)));
});

test("while a task is being stopped, nothing else can be asked of it, and it says so", async () => {
  const team = await createTeam(server, { Worker: ["stubborn ; sleep 60"] });
  const { id } = await team.task();
  await team.turn("Worker", 1);
  await server.api.tasks.cancelTask({ id });
  expect(await problemOf(server.api.tasks.restartTask({ id }))).toMatchObject({ kind: "wrong_state", reason: "task_cancelling" });
  expect((await explain(server, id)).sentence).toContain("being stopped");
  // A delete is the one wish that overtakes.
  await server.api.tasks.deleteTask({ id });
  await eventually("the task is gone", async () => (await problemOf(server.api.tasks.getTask({ id })))?.kind === "not_found");
});

test("a step that runs longer than its time limit is ended and tried again", async () => {
  const limits = { timeLimit: { seconds: 1n, nanos: 0 } };
  const team = await createTeam(server, { Worker: ["sleep 60", "comment In time."] }, { agent: { limits } });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect((await executions(server, id)).slice(0, 2).map(({ outcome }) => outcome)).toEqual([
    ExecutionOutcome.TIMEOUT,
    ExecutionOutcome.FINISHED,
  ]);
  expect((await comments(server, id))[0]).toContain("Worker took too long");
});

test("a silent step is marked, and ended at the limit of its silence", async () => {
  const limits = { silenceWarning: { seconds: 0n, nanos: 300_000_000 }, silenceLimit: { seconds: 2n, nanos: 0 } };
  const team = await createTeam(server, { Worker: ["print still here ; sleep 60"] }, { limits });
  const { id } = await team.task();
  const { executionId } = await team.turn("Worker", 1);
  await eventually(
    "the execution is marked as silent",
    async () => (await server.api.executions.getExecution({ id: executionId })).execution?.silent,
  );
  await reachesReview(server, id);
  expect((await executions(server, id))[0]).toMatchObject({
    outcome: ExecutionOutcome.TIMEOUT,
    outcomeDetail: expect.stringContaining("printed nothing"),
  });
});
