import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskHold, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { startMalamar } from "../start-malamar.ts";
import { createTeam, explain, reaches, reachesReview } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

const server = useMalamar({
  config: {
    maxExecutions: 2,
    backOff: { first: "2s", longest: "2s" },
    clis: { absent: { command: [join("/nonexistent", "cli")] } },
  },
});

const seen = new Set<WaitReason>();

async function explains(taskId: string, reason: Extract<keyof typeof WaitReason, string>) {
  const found = await eventually(
    `the reason is ${reason}`,
    async () => {
      const explanation = await explain(server, taskId);
      return explanation.reason === WaitReason[reason] && explanation;
    },
    { every: 1, instead: () => explain(server, taskId) },
  );
  seen.add(WaitReason[reason]);
  return found;
}

test("a task that runs, one behind it, one behind that, and how the first is stopped", async () => {
  const team = await createTeam(server, { Worker: ["stubborn ; wait go ; skip"] });
  const first = await team.task("first");
  expect((await explains(first.id, "RUNNING")).sentence).toBe("Worker works on it now.");
  await team.turn("Worker", 1);
  const second = await team.task("second");
  const third = await team.task("third");
  expect(await explains(third.id, "SLOT_TAKEN")).toMatchObject({ blockingTaskId: first.id, queuePosition: 1 });
  expect(await explains(second.id, "SLOT_TAKEN")).toMatchObject({ blockingTaskId: first.id, queuePosition: 2 });
  await server.api.tasks.cancelTask({ id: first.id });
  await explains(first.id, "STOPPING");
  expect((await explains(first.id, "REVIEW")).sentence).toContain("cancelled");
  team.open("go");
  await Promise.all([second, third].map(({ id }) => reachesReview(server, id)));
});

test("a task in review, done, held, and one that nobody asked for", async () => {
  const team = await createTeam(server, { Worker: [] });
  const { id } = await team.task();
  await reachesReview(server, id);
  expect((await explains(id, "REVIEW")).sentence).toContain("converged");
  await server.api.tasks.moveTask({ id, status: TaskStatus.DONE });
  await explains(id, "DONE");
  const held = await team.task({ summary: "held", hold: TaskHold.PAUSED });
  expect((await explains(held.id, "HELD")).sentence).toContain("paused");
});

test("a workspace that a person paused", async () => {
  const team = await createTeam(server, { Worker: [] });
  const { id } = team.workspace;
  await server.api.workspaces.updateWorkspace({ workspace: { id, paused: true }, updateMask: { paths: ["paused"] } });
  const one = await team.task("one");
  const two = await team.task("two");
  await explains(one.id, "WORKSPACE_PAUSED");
  await server.api.workspaces.updateWorkspace({ workspace: { id, paused: false }, updateMask: { paths: ["paused"] } });
  await Promise.all([one, two].map((task) => reachesReview(server, task.id)));
});

test("a retry that waits says until when", async () => {
  const team = await createTeam(server, { Worker: ["crash 1"] });
  const { id } = await team.task();
  const why = await explains(id, "BACK_OFF");
  expect(Number(why.until?.seconds ?? 0)).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000));
  await reachesReview(server, id);
});

test("a CLI that is missing, and the words of the system about it", async () => {
  const team = await createTeam(server, { "Worker@absent": [] });
  const { id } = await team.task();
  expect((await explains(id, "CLI_PAUSED")).sentence).toContain("cli missing");
  expect((await server.api.system.getSystem({})).system?.pauses[0]?.cause).toBe(ExecutionOutcome.CLI_MISSING);
  await server.api.tasks.deleteTask({ id });
});

test("a workspace whose directory is missing", async () => {
  const team = await createTeam(server, { Worker: [] }, { directoryMode: 2, directoryPath: join(server.folder, "nowhere") });
  const { id } = await team.task();
  expect((await explains(id, "WORKSPACE_FAULT")).sentence).toContain("nowhere");
  await server.api.tasks.deleteTask({ id });
});

test("a disk without the room that is to be kept free, until there is room again", async () => {
  const full = await startMalamar({ config: { diskReserve: "900000 GiB" } });
  const team = await createTeam(full, { Worker: [] });
  const { id } = await team.task();
  const why = await eventually("the reason is the disk", async () => {
    const explanation = await explain(full, id);
    return explanation.reason === WaitReason.DISK_FULL && explanation;
  });
  seen.add(why.reason);
  expect(why.sentence).toMatch(/disk/);
  const { system } = await full.api.system.getSystem({});
  expect(system?.pauses.map(({ resourceId, cause }) => [resourceId, cause])).toEqual([["disk", ExecutionOutcome.DISK_FULL]]);
  expect(team.turns("Worker")).toEqual([]);
  const given = JSON.parse(readFileSync(full.configFile, "utf8")) as object;
  await full.stop("SIGTERM");
  writeFileSync(full.configFile, JSON.stringify({ ...given, diskReserve: "1 MiB" }));
  await full.start();
  await reachesReview(full, id);
  await full.end();
});

test("a machine that is full, and a runner that is being started", async () => {
  const teams = await Promise.all([1, 2, 3].map(() => createTeam(server, { Worker: ["wait go ; skip"] })));
  const [first, second, third] = await Promise.all(teams.map((team) => team.task()));
  await Promise.all([first, second].map((task) => reaches(server, task?.id ?? "", "IN_PROGRESS").catch(() => undefined)));
  const waiting = await eventually("one of three waits for the machine", async () => {
    for (const task of [first, second, third]) {
      if (task !== undefined && (await explain(server, task.id)).reason === WaitReason.MACHINE_FULL) return task;
    }
    return undefined;
  });
  await explains(waiting.id, "MACHINE_FULL");
  for (const team of teams) team.open("go");
  await Promise.all([first, second, third].map((task) => reachesReview(server, task?.id ?? "")));
});

test("a task that begins goes through starting or the start of its runner", async () => {
  for (let round = 0; round < 8 && !seen.has(WaitReason.RUNNER_STARTING); round++) {
    const team = await createTeam(server, { Worker: [] });
    const { id } = await team.task();
    for (let look = 0; look < 40; look++) {
      const { reason } = await explain(server, id);
      seen.add(reason);
      if (reason === WaitReason.REVIEW) break;
    }
    await reachesReview(server, id);
  }
  expect([WaitReason.RUNNER_STARTING, WaitReason.STARTING].some((reason) => seen.has(reason))).toBe(true);
});

/** Not to be had from outside on purpose: between two instants, or only after a fault of ours. */
const INSTANTS: WaitReason[] = [
  WaitReason.UNSPECIFIED,
  WaitReason.RUNNER_STARTING,
  WaitReason.STARTING,
  WaitReason.NOT_QUEUED,
  WaitReason.QUEUED_BEHIND,
];

afterAll(() => {
  const missing = Object.entries(WaitReason).filter(([, reason]) => !INSTANTS.includes(reason) && !seen.has(reason));
  expect(missing.map(([name]) => name)).toEqual([]);
});
