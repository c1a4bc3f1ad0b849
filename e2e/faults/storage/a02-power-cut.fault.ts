import { setTimeout as sleep } from "node:timers/promises";
import { TaskHold } from "@malamar/proto/malamar/v1/task_pb";
import { executionProcesses, isAlive, runnerProcesses } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import { comments, createTeam, reachesReview } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";
import { type Mounted, withDataOn } from "./mounted.ts";
import { contents } from "./sweep.ts";

const WRITERS = 4;

export default {
  id: "A2",
  title: "the power goes while Malamar writes: everything acknowledged is there after the reboot, nothing is damaged, the work goes on",
  needs: ["root", "xfs_io"],
  async run(context) {
    for (const kind of ["ext4", "xfs"] as const) {
      await withDataOn(context, { kind, megabytes: 320, config: { warmSpare: false, diskReserve: "20 MiB" } }, async (server, disk) => {
        const acked = new Set<string>();
        const rounds = context.short ? 2 : 100;
        for (let round = 0; round < rounds; round++) await cut(context, { server, disk, acked, round });
        context.log(`${kind}: ${rounds} cuts, ${acked.size} acknowledged writes, all there`);
      });
    }
  },
} satisfies Fault;

interface Scene {
  server: Server;
  disk: Mounted;
  /** Kept outside: what Malamar said is written. */
  acked: Set<string>;
  round: number;
}

async function cut(context: FaultContext, { server, disk, acked, round }: Scene): Promise<void> {
  const team = await createTeam(server, { Worker: ["comment First.", "skip"] }, { prefix: `P${round}` });
  const { id } = await team.task("worked on while the power goes");
  const writing = Array.from({ length: WRITERS }, () => write(server, team.workspace.id, acked));
  await sleep(100 + context.random() * 1200);
  disk.cutPower();
  const since = performance.now();
  // The supervisor notices by itself that its disk is gone; then the machine is off, and with it everybody.
  while (isAlive(server.pid()) && performance.now() - since < 5000) await sleep(10);
  const took = performance.now() - since;
  expectTrue("the supervisor ends by itself", !isAlive(server.pid()));
  await Promise.all(writing);
  for (const { pid } of [...runnerProcesses(server.dataDir), ...executionProcesses(server.dataDir)]) process.kill(pid, "SIGKILL");
  await sleep(200);
  await server.stop("SIGKILL");
  disk.remount();
  expectEqual("check of the database", contents(context, server.dataDir).check, "ok");

  await server.start();
  const there = new Set<string>();
  for (let pageToken = ""; ;) {
    const page = await server.api.tasks.listTasks({ pageSize: 200, pageToken });
    for (const task of page.tasks) there.add(task.id);
    if ((pageToken = page.nextPageToken) === "") break;
  }
  const lost = [...acked].filter((each) => !there.has(each));
  context.count("lost", lost.length);
  expectEqual("acknowledged and gone", lost, []);
  await reachesReview(server, id, 60_000);
  const said = (await comments(server, id)).filter((line) => line === "Worker: First.").length;
  expectTrue(
    `what the agent said is there at least once, and once for each time it was asked (${said})`,
    said >= 1 && said <= team.turns("Worker").length,
  );
  context.count("power cuts");
  context.log(`round ${round}: ended ${took.toFixed(0)} ms after the cut`);
}

async function write(server: Server, workspaceId: string, acked: Set<string>): Promise<void> {
  for (let count = 0; ; count++) {
    try {
      const description = "x".repeat(count % 5 === 0 ? 30_000 : 100);
      const { task } = await server.api.tasks.createTask({ workspaceId, summary: `written ${count}`, description, hold: TaskHold.DRAFT });
      acked.add(task?.id ?? "");
    } catch {
      return;
    }
  }
}
