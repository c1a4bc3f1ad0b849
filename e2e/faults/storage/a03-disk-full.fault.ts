import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskAttention, TaskHold } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { eventually } from "#eventually.ts";
import { ctl } from "#programs.ts";
import type { Server } from "#start-malamar.ts";
import { comments, createTeam, executions, explain, read, reachesReview } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue, refusedWith } from "./expect.ts";
import { type FileSystem, type Mounted, withDataOn } from "./mounted.ts";

const RESERVE = "20 MiB";

export default {
  id: "A3",
  title: "the disk fills up: writing is refused in words, reading and the running step go on, and with room everything resumes",
  needs: ["root"],
  async run(context) {
    const kinds: FileSystem[] = context.short ? ["tmpfs"] : ["tmpfs", "ext4", "xfs"];
    for (const kind of kinds) await fillUp(context, kind);
    await withoutBallast(context);
    await cliFills(context);
    await logOnFullDisk(context);
  },
} satisfies Fault;

async function fillUp(context: FaultContext, kind: FileSystem): Promise<void> {
  const settings = { kind, megabytes: kind === "xfs" ? 320 : 96, config: { diskReserve: RESERVE } };
  await withDataOn(context, settings, async (server, disk) => {
    const team = await createTeam(server, { Worker: ["wait go ; comment Written on a full disk.", "skip"] });
    await ballastLies(server);
    const doomed = await team.task({ summary: "to be deleted", hold: TaskHold.DRAFT });
    const running = await team.task("runs while the disk fills");
    await team.turn("Worker", 1);

    fill(server, disk);
    const acked: string[] = [];
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const made = await team
        .task({ summary: `task ${i}`, description: "x".repeat(20_000), hold: TaskHold.PAUSED })
        .catch((error: unknown) => error);
      if (made instanceof Error) {
        refused++;
        expectEqual("a refused write", refusedWith(made), ["exhausted", "storage_full"]);
      } else acked.push((made as { id: string }).id);
    }
    expectTrue("writes are refused on a full disk", refused > 0);
    await readsWork(server, running.id);

    const { system } = await server.api.system.getSystem({});
    expectEqual(
      "the pause that everybody is shown",
      system?.pauses.map(({ resource, cause }) => [resource, cause]),
      [["machine", ExecutionOutcome.DISK_FULL]],
    );
    expectTrue("malamarctl status says it", (await ctl(server, "status")).out.includes("is full"));
    expectTrue("malamar status says it", (await server.command("status")).out.includes("is full"));

    // The step that ran finishes, and what it said is written into the room that the ballast gave.
    team.open("go");
    await eventually("the answer is applied", async () => (await comments(server, running.id)).length === 1);
    await sleep(1000);
    const why = await explain(server, running.id);
    expectEqual("why nothing goes on", why.reason, WaitReason.DISK_FULL);
    expectEqual("steps that were started", (await executions(server, running.id)).length, 1);
    expectEqual("deleting works", (await server.api.tasks.deleteTask({ id: doomed.id })).deleted, true);

    rmSync(`${server.dataDir}/filler`);
    const since = performance.now();
    await reachesReview(server, running.id, 20_000);
    context.log(
      `${kind}: went on ${((performance.now() - since) / 1000).toFixed(1)} s after there was room again, ${refused} writes refused`,
    );
    expectEqual("comments", await comments(server, running.id), ["Worker: Written on a full disk."]);
    for (const id of acked) await read(server, id);
    await team.task({ summary: "writes work again", hold: TaskHold.PAUSED });
    expectEqual("pauses", (await server.api.system.getSystem({})).system?.pauses, []);
    await ballastLies(server);
  });
}

/** Somebody takes even the room that the ballast gave: nothing at all can be written, and what a step answered waits at its runner. */
async function withoutBallast(context: FaultContext): Promise<void> {
  await withDataOn(context, { kind: "tmpfs", megabytes: 96, config: { diskReserve: RESERVE } }, async (server, disk) => {
    const answer = '{"actions":[{"type":"comment","content":"Written in time."}]}';
    const early = await createTeam(server, { Worker: [`raw ${answer} ; wait go`, "skip"] }, { breakerLimit: 1 });
    const late = await createTeam(server, { Worker: ["wait go ; comment Finds no room.", "comment Finds room."] }, { breakerLimit: 1 });
    await ballastLies(server);
    const teams = [early, late];
    const tasks = await Promise.all(teams.map((team) => team.task()));
    await Promise.all(teams.map((team) => team.turn("Worker", 1)));
    for (let i = 0; i < 3; i++) {
      fill(server, disk);
      await early.task({ description: "x".repeat(100_000), hold: TaskHold.PAUSED }).catch(() => {});
    }
    fill(server, disk);
    const pid = server.pid();
    for (const team of teams) team.open("go");
    await sleep(4000);
    for (const { id } of tasks) await readsWork(server, id);
    rmSync(`${server.dataDir}/filler`);
    const [first = "", second = ""] = tasks.map(({ id }) => id);
    for (const id of [first, second])
      expectEqual("attention", (await reachesReview(server, id, 60_000)).attention, TaskAttention.CONVERGED);
    expectEqual("the supervisor that goes on", server.pid(), pid);
    const { DISK_FULL, FINISHED } = ExecutionOutcome;
    expectEqual("an answer that was there", (await comments(server, first)).join(), "Worker: Written in time.");
    const outcomes = (await executions(server, second)).map(({ outcome }) => outcome);
    expectEqual("an answer that found no room", outcomes, [DISK_FULL, FINISHED, FINISHED]);
    expectEqual("is given again", (await comments(server, second)).at(-1), "Worker: Finds room.");
  });
}

/** A CLI fills the disk in its own folder: blameless, and tried again when it has room. */
async function cliFills(context: FaultContext): Promise<void> {
  const glutton =
    'if [ -e "$HOME/fed" ]; then printf \'{"actions":[{"type":"skip"}]}\' >"$0"; exit 0; fi; touch "$HOME/fed"; ' +
    'dd if=/dev/zero of="$TMPDIR/full" bs=64k 2>/dev/null; while :; do echo "no room for this line, and many more of its kind"; done';
  const config = { diskReserve: RESERVE, clis: { glutton: { command: ["/bin/sh", "-c", glutton, "{output}"] } } };
  await withDataOn(context, { kind: "tmpfs", megabytes: 96, config }, async (server) => {
    await ballastLies(server);
    const team = await createTeam(server, { "Worker@glutton": [] }, { breakerLimit: 1 });
    const { id } = await team.task();
    await reachesReview(server, id, 90_000);
    const { DISK_FULL, FINISHED } = ExecutionOutcome;
    const tried = await executions(server, id);
    expectEqual(
      "how they ended",
      tried.map(({ outcome }) => outcome),
      [DISK_FULL, FINISHED],
    );
    context.log(`a CLI that fills the disk: ${tried[0]?.outcomeDetail} ${(await comments(server, id)).join(" ")}`);
    expectEqual("attention", (await read(server, id)).attention, TaskAttention.CONVERGED);
  });
}

/** In the background the log lies on the same disk. */
async function logOnFullDisk(context: FaultContext): Promise<void> {
  await withDataOn(context, { kind: "tmpfs", megabytes: 96, config: { diskReserve: RESERVE, logLevel: "debug" } }, async (server, disk) => {
    await server.stop("SIGINT");
    expectEqual("malamar start", (await server.command("start")).code, 0);
    try {
      await ballastLies(server);
      fill(server, disk);
      const { workspace } = await server.api.workspaces
        .createWorkspace({ title: "Fits", prefix: "FIT" })
        .catch(() => ({ workspace: null }));
      for (let i = 0; i < 200; i++) await server.api.system.getSystem({});
      fill(server, disk);
      for (let i = 0; i < 200; i++) await server.api.system.getSystem({});
      context.log(`lived with a log that cannot be written${workspace === null ? "" : ", and made a workspace"}`);
      // And it can be started on a full disk, too.
      expectEqual("malamar stop", (await server.command("stop", "--now")).code, 0);
      const again = await server.command("start");
      if (again.code !== 0) expectTrue(`a refused start says why: ${again.err}`, /is full, so nothing was started/.test(again.err));
      rmSync(`${server.dataDir}/filler`);
      expectEqual("malamar start with room", (await server.command("start")).code, 0);
    } finally {
      await server.command("stop", "--now");
    }
  });
}

async function ballastLies(server: Server): Promise<void> {
  await eventually("the ballast lies there", () => spawnSync("test", ["-s", `${server.dataDir}/ballast`]).status === 0);
  await sleep(200);
}

function fill(server: Server, disk: Mounted): void {
  spawnSync("dd", ["if=/dev/zero", `of=${server.dataDir}/filler`, "bs=64k", "oflag=append", "conv=notrunc"]);
  spawnSync("dd", ["if=/dev/zero", `of=${server.dataDir}/filler`, "bs=512", "oflag=append", "conv=notrunc"]);
  expectTrue("the disk is full", disk.free() < 1024 * 1024);
}

async function readsWork(server: Server, taskId: string): Promise<void> {
  const since = performance.now();
  await read(server, taskId);
  await server.api.tasks.listTasks({});
  expectEqual("the page", (await fetch(server.url)).status, 200);
  expectEqual("health", (await fetch(`${server.url}/healthz`)).status, 200);
  expectTrue("reading is quick", performance.now() - since < 2000);
}
