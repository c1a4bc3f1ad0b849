import { eventually } from "#eventually.ts";
import { executionProcesses, isAlive, runnerProcesses } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import { comments, createTeam, reachesReview, read } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";
import { quickCheck, trace } from "./strace.ts";

interface Case {
  what: string;
  call: string;
  /** Of the database's file. */
  end: "" | "-wal";
  error: "EIO" | "EROFS";
}

const write = (server: Server) => server.api.workspaces.createWorkspace({ title: "Written", prefix: "WRI" });

const CASES: Case[] = [
  { what: "a commit cannot be synced", call: "fsync", end: "-wal", error: "EIO" },
  { what: "a commit cannot be written", call: "pwrite64", end: "-wal", error: "EIO" },
  { what: "the disk turns read-only (A4)", call: "pwrite64", end: "-wal", error: "EROFS" },
  { what: "what was committed cannot be read", call: "pread64", end: "-wal", error: "EIO" },
  { what: "a checkpoint cannot be synced", call: "fsync", end: "", error: "EIO" },
  { what: "a checkpoint cannot be written", call: "pwrite64", end: "", error: "EIO" },
];
const SHORT = [0, 3, 5];

/** Milliseconds from the error to the end. */
const SOON = 2000;

export default {
  id: "A5",
  title: "the disk gives errors: the supervisor ends at once, runners carry their steps on, the next start checks and goes on",
  needs: ["strace"],
  async run(context) {
    for (const [index, each] of CASES.entries()) if (!context.short || SHORT.includes(index)) await play(context, each);
  },
} satisfies Fault;

async function play(context: FaultContext, { what, call, end, error }: Case): Promise<void> {
  const server = await context.startMalamar({ config: { warmSpare: false } });
  const team = await createTeam(server, { Worker: ["wait go ; comment Carried through.", "skip"] });
  const running = await team.task();
  await team.turn("Worker", 1);
  // Checkpoints have their own time; one that is under way would take the fault of the next.
  await new Promise((resolve) => setTimeout(resolve, 1500));

  const before = server.pid();
  const file = `${server.dataDir}/malamar.sqlite${end}`;
  const tracing = await trace(context, before, { calls: call, files: [file], inject: `${call}:error=${error}:when=1+` });
  const since = performance.now();
  const acked = write(server).then(
    () => true,
    () => false,
  );
  await eventually(`the supervisor ends because ${what}`, () => !isAlive(before), { instead: () => tracing.calls() });
  const took = performance.now() - since;
  await tracing.detach();
  const code = await server.stop();
  context.log(`${what}: ended with ${code} after ${took.toFixed(0)} ms`);
  expectEqual("exit code", code, 74);
  // A checkpoint begins half a second after its commit.
  expectTrue(`it ends within ${SOON} ms (${took.toFixed(0)})`, took < SOON + (end === "" ? 700 : 0));
  expectTrue("its log says why", server.logged().includes("can no longer be trusted"));
  expectTrue("the step goes on", executionProcesses(server.dataDir).length > 0 && runnerProcesses(server.dataDir).length === 1);
  expectEqual("check of the database", quickCheck(context, server.dataDir), "ok");

  await server.start();
  expectTrue("the next start checks the database", server.logged().includes("the database is checked"));
  if (await acked) {
    const { workspaces } = await server.api.workspaces.listWorkspaces({});
    expectTrue(
      "what was acknowledged is there",
      workspaces.some(({ prefix }) => prefix === "WRI"),
    );
  }
  team.open("go");
  await reachesReview(server, running.id);
  expectEqual("comments", await comments(server, running.id), ["Worker: Carried through."]);
  expectEqual("runs", (await read(server, running.id)).runNumber, 1);
  await server.end();
}
