import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AnswerActionType, ExecutionOutcome, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { ActivityKind, TaskAttention, TaskHold, TaskPriority, TaskResolution, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { tailLog } from "@malamar/sdk/tail-log";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { becomes, comments, createTeam, executions, explain, reachesReview, read, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { watch } from "../watching.ts";

const server = useMalamar();

async function logText(executionId: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of tailLog(server.api.executions, { executionId })) lines.push(...batch.lines.map((line) => line.text));
  return lines;
}

test("L01: a task goes through its team to review, again after a comment, and to done, through the public API alone", async () => {
  const team = await createTeam(server, {
    Planner: ["comment First write it, then read it.", "skip", "skip"],
    "Implementer@python": [
      "write hello.txt Hello ; usage 12 ; comment Written.",
      "skip",
      "write hello.txt HELLO ; comment Louder now.",
      "skip",
    ],
    Reviewer: ["skip"],
  });
  const seen = await watch(server, { workspaceId: team.workspace.id });
  const { id, key } = await team.task({ summary: "Say hello", description: "In a file." });
  expect(key).toMatch(/^T\d+-1$/);

  const reviewed = await reachesReview(server, id);
  expect(reviewed).toMatchObject({ attention: TaskAttention.CONVERGED, runNumber: 1, passNumber: 2, commentCount: 2, liveExecutionId: "" });
  expect(await comments(server, id)).toEqual(["Planner: First write it, then read it.", "Implementer: Written."]);
  const hello = join(server.dataDir, "tasks", id, "hello.txt");
  expect(readFileSync(hello, "utf8")).toBe("Hello\n");
  expect((await explain(server, id)).sentence).toContain("waits for you");

  await say(server, id, "Louder, please.");
  const again = await becomes(
    server,
    id,
    "in review after its second run",
    (task) => task.status === TaskStatus.IN_REVIEW && task.runNumber === 2,
  );
  expect(again).toMatchObject({ attention: TaskAttention.CONVERGED, passNumber: 2 });
  expect(readFileSync(hello, "utf8")).toBe("HELLO\n");
  expect(await comments(server, id)).toEqual([
    "Planner: First write it, then read it.",
    "Implementer: Written.",
    "User: Louder, please.",
    "Implementer: Louder now.",
  ]);

  const { task: done } = await server.api.tasks.moveTask({ id, status: TaskStatus.DONE });
  expect(done).toMatchObject({ status: TaskStatus.DONE, resolution: TaskResolution.COMPLETED, attention: TaskAttention.NONE });
  expect(done?.doneAt).toBeDefined();
  await say(server, id, "Thank you.");
  expect(await read(server, id)).toMatchObject({ status: TaskStatus.DONE, commentCount: 5 });

  const ran = await executions(server, id);
  expect(ran.map((each) => `${each.runNumber}.${each.passNumber} ${each.agentName}`)).toEqual(
    ["1.1", "1.2", "2.1", "2.2"].flatMap((pass) => ["Planner", "Implementer", "Reviewer"].map((name) => `${pass} ${name}`)),
  );
  for (const each of ran) expect(each).toMatchObject({ state: ExecutionState.ENDED, outcome: ExecutionOutcome.FINISHED, exitCode: 0 });
  expect(ran[1]).toMatchObject({ cli: "python", usage: { inputTokens: 12n, outputTokens: 7n } });
  expect(ran[1]?.actions.map(({ type, content }) => [type, content])).toEqual([[AnswerActionType.COMMENT, "Written."]]);
  const log = await logText(ran[1]?.id ?? "");
  expect(log[0]).toBe('{"type": "message", "text": "I am Implementer."}');
  expect(ran[1]?.logLines).toBe(BigInt(log.length));

  const { activities } = await server.api.tasks.listActivities({ taskId: id, pageSize: 200 });
  const kinds = activities.map(({ kind }) => kind);
  expect(kinds.slice(0, 6)).toEqual([
    ActivityKind.TASK_CREATED,
    ActivityKind.STATUS_CHANGED,
    ActivityKind.RUN_STARTED,
    ActivityKind.AGENT_STARTED,
    ActivityKind.AGENT_FINISHED,
    ActivityKind.COMMENT_ADDED,
  ]);
  const count = (kind: ActivityKind) => kinds.filter((each) => each === kind).length;
  expect([ActivityKind.AGENT_STARTED, ActivityKind.AGENT_FINISHED].map(count)).toEqual([12, 12]);
  expect([ActivityKind.RUN_STARTED, ActivityKind.RUN_ENDED, ActivityKind.PASS_STARTED].map(count)).toEqual([2, 2, 2]);
  const moves = activities
    .filter(({ kind }) => kind === ActivityKind.STATUS_CHANGED)
    .map(({ detail, actor }) => `${detail["to"]} by ${actor?.name}`);
  expect(moves).toEqual([
    "in_progress by System",
    "in_review by System",
    "todo by User",
    "in_progress by System",
    "in_review by System",
    "done by User",
  ]);

  await seen.sees("the last comment was made", ({ subject }) => subject.case === "comment" && subject.value.content === "Thank you.");
  const sequences = seen.events.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.toSorted((a, b) => Number(a - b)));
  expect(new Set(sequences).size).toBe(sequences.length);
  expect(new Set(seen.events.filter(({ type }) => type === EventType.EXECUTION_CHANGED).map(({ subjectId }) => subjectId)).size).toBe(12);
  seen.stop();
});

test("an agent reads its role, its task, its colleagues and what was said from input.md", async () => {
  const team = await createTeam(server, { Planner: ["tell ; note Mind the gap"], "Writer@argument": ["tell"], Idle: [] });
  const { id } = await team.task({ summary: 'Quote "this" and \\that', description: "Of **markdown**\n```\nwith a fence\n```" });
  await reachesReview(server, id);
  expect(await comments(server, id)).toEqual([
    'Planner: Quote "this" and \\that | comments 0 | others Writer,Idle | Run 1, pass 1. The task was created.',
    'Writer: Quote "this" and \\that | comments 1 | others Planner,Idle | Run 1, pass 1. The task was created.',
  ]);
  const [, , third, fourth] = await executions(server, id);
  expect(third?.agentName).toBe("Idle");
  const input = readFileSync(join(server.dataDir, "executions", fourth?.id ?? "", "input.md"), "utf8");
  const titles = input.split("\n").filter((line) => line.startsWith("# "));
  expect(titles).toEqual([
    "# You are run by Malamar",
    "# Your role: Planner",
    "# The other agents",
    "# Where you are",
    "# The task",
    "# Notes of earlier executions",
    "# Comments",
    "# Activity",
    "# Your answer",
  ]);
  expect(input).toContain("Mind the gap");
  expect(input).toContain("Run 1, pass 2.");
});

test("an agent that asks for review ends the pass at once; the answer brings the agents back", async () => {
  const team = await createTeam(server, { Planner: ["comment I need to know. ; review Which colour?"], Implementer: [] });
  const { id } = await team.task();
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.QUESTION, attentionDetail: "Which colour?" });
  expect(team.turns("Implementer")).toEqual([]);
  await say(server, id, "Blue.");
  expect(await becomes(server, id, "converged", (task) => task.attention === TaskAttention.CONVERGED)).toMatchObject({ runNumber: 2 });
  expect(team.turns("Implementer")).toHaveLength(1);
});

test("a workspace without enabled agents sends its tasks straight to review", async () => {
  const team = await createTeam(server, {});
  const { id } = await team.task();
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.CONVERGED, runNumber: 1 });
  expect(await executions(server, id)).toEqual([]);
  await server.api.agents.createAgent({ workspaceId: team.workspace.id, name: "Off", cli: "shell", enabled: false });
  const other = await team.task("With a disabled agent");
  await reachesReview(server, other.id);
  expect(await executions(server, other.id)).toEqual([]);
});

test("a draft waits until the hold is taken away, and a paused task is left alone", async () => {
  const team = await createTeam(server, { Planner: [] });
  const draft = await team.task({ summary: "Draft", hold: TaskHold.DRAFT });
  const paused = await team.task({ summary: "Paused", hold: TaskHold.PAUSED });
  const other = await team.task("Goes");
  await reachesReview(server, other.id);
  expect((await explain(server, draft.id)).sentence).toContain("held (draft)");
  expect(team.turns("Planner")).toHaveLength(1);
  await server.api.tasks.updateTask({ task: { id: draft.id, hold: TaskHold.NONE }, updateMask: { paths: ["hold"] } });
  await reachesReview(server, draft.id);
  expect(await read(server, paused.id)).toMatchObject({ status: TaskStatus.TODO, runNumber: 0 });
});

test("tasks are taken up pinned first, then by priority, then the latest first", async () => {
  const team = await createTeam(server, { Worker: ["wait go ; skip"] });
  const first = await team.task("holds the slot");
  await team.turn("Worker", 1);
  for (const [summary, priority] of [
    ["low", TaskPriority.LOW],
    ["older normal", TaskPriority.NORMAL],
    ["newer normal", TaskPriority.NORMAL],
    ["critical", TaskPriority.CRITICAL],
    ["pinned", TaskPriority.LOW],
    ["high", TaskPriority.HIGH],
  ] as const) {
    const { id } = await team.task({ summary, priority });
    if (summary === "pinned") await server.api.tasks.prioritiseTask({ id, pinned: true });
  }
  team.open("go");
  await reachesReview(server, first.id);
  expect(await orderOf(team.workspace.id, 7)).toEqual([
    "holds the slot",
    "pinned",
    "critical",
    "high",
    "newer normal",
    "older normal",
    "low",
  ]);
});

test("with first in, first out the longest waiting task goes first", async () => {
  const team = await createTeam(server, { Worker: ["wait go ; skip"] }, { queueOrder: 2 });
  await team.task("a");
  await team.turn("Worker", 1);
  for (const summary of ["b", "c", "d"]) await team.task(summary);
  team.open("go");
  expect(await orderOf(team.workspace.id, 4)).toEqual(["a", "b", "c", "d"]);
});

/** Summaries of the workspace's tasks in the order in which they were first worked on. */
async function orderOf(workspaceId: string, count: number): Promise<string[]> {
  const ended = await eventually(`${count} executions have ended`, async () => {
    const { executions } = await server.api.executions.listExecutions({ workspaceId, pageSize: 200 });
    return executions.length === count && executions.every(({ state }) => state === ExecutionState.ENDED) && executions.toReversed();
  });
  return Promise.all(ended.map(async ({ taskId }) => (await read(server, taskId)).summary));
}

test("one task at a time in a workspace, workspaces side by side", async () => {
  const [one, two] = await Promise.all([
    createTeam(server, { Worker: ["wait go ; skip"] }),
    createTeam(server, { Worker: ["wait go ; skip"] }),
  ]);
  const tasks = await Promise.all([one.task("a"), one.task("b"), two.task("c")]);
  await Promise.all([one.turn("Worker", 1), two.turn("Worker", 1)]);
  const states = await Promise.all(tasks.map(async ({ id }) => (await read(server, id)).status));
  expect(states.filter((status) => status === TaskStatus.IN_PROGRESS)).toHaveLength(2);
  expect(one.turns("Worker")).toHaveLength(1);
  one.open("go");
  two.open("go");
  await Promise.all(tasks.map(({ id }) => reachesReview(server, id)));
});

test("settings are read afresh before each step: edits, orders, new and disabled agents take effect in the running pass", async () => {
  const team = await createTeam(server, { First: ["wait go ; skip"], Second: ["tell"], Third: ["tell"], Last: [] });
  const { id } = await team.task();
  await team.turn("First", 1);
  const [first, second, third, last] = team.agents.map((agent) => agent.id);
  const { agent } = await server.api.agents.createAgent({
    workspaceId: team.workspace.id,
    name: "Newcomer",
    cli: "shell",
    instruction: team.agent("Second").instruction,
  });
  team.plays("Newcomer", ["tell"]);
  await server.api.agents.updateAgent({ agent: { id: third ?? "", enabled: false }, updateMask: { paths: ["enabled"] } });
  await server.api.agents.updateAgent({
    agent: { id: second ?? "", name: "Renamed", cli: "python" },
    updateMask: { paths: ["name", "cli"] },
  });
  team.plays("Renamed", ["comment by another CLI"]);
  await server.api.agents.reorderAgents({
    workspaceId: team.workspace.id,
    agentIds: [first, agent?.id, last, second, third].map((each) => each ?? ""),
  });
  await server.api.tasks.updateTask({ task: { id, summary: "Say goodbye" }, updateMask: { paths: ["summary"] } });
  team.open("go");
  await reachesReview(server, id);
  const names = (await executions(server, id)).filter((each) => each.passNumber === 1).map((each) => `${each.agentName}@${each.cli}`);
  expect(names).toEqual(["First@shell", "Newcomer@shell", "Last@shell", "Renamed@python"]);
  expect((await comments(server, id))[0]).toContain("Say goodbye | comments 0 | others First,Last,Renamed");
});

test("a workspace that is paused starts nothing new and goes on when it is resumed", async () => {
  const team = await createTeam(server, { First: ["wait go ; skip"], Second: [] });
  const pause = (paused: boolean) =>
    server.api.workspaces.updateWorkspace({ workspace: { id: team.workspace.id, paused }, updateMask: { paths: ["paused"] } });
  const { id } = await team.task();
  await team.turn("First", 1);
  await pause(true);
  team.open("go");
  await eventually("the first step has ended", async () => (await executions(server, id))[0]?.state === ExecutionState.ENDED);
  expect((await explain(server, id)).sentence).toContain("Resume the workspace");
  await pause(false);
  await reachesReview(server, id);
});

test("in static mode the agents work in the given folder", async () => {
  const folder = join(server.folder, "given");
  mkdirSync(folder);
  writeFileSync(join(folder, "before.txt"), "kept\n");
  const team = await createTeam(server, { Writer: ["write after.txt made ; skip"] }, { directoryMode: 2, directoryPath: folder });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect(readFileSync(join(folder, "after.txt"), "utf8")).toBe("made\n");
  expect(existsSync(join(folder, "before.txt"))).toBe(true);
  expect(existsSync(join(server.dataDir, "tasks", id))).toBe(false);
});
