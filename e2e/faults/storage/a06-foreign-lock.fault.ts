import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "#start-malamar.ts";
import { comments, createTeam, reachesReview, read } from "#team.ts";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue, refusedWith } from "./expect.ts";

export default {
  id: "A6",
  title: "another program holds the lock of the database: writes wait 5 s and then say so, reading and running steps go on",
  async run(context) {
    const server = await context.startMalamar();
    const team = await createTeam(server, { Worker: ["wait go ; comment Said meanwhile.", "skip"] });
    const { id } = await team.task("runs meanwhile");
    await team.turn("Worker", 1);
    const pid = server.pid();
    const other = new DatabaseSync(`${server.dataDir}/malamar.sqlite`, { timeout: 5000 });

    other.exec("BEGIN IMMEDIATE");
    const write = timed(() => server.api.workspaces.createWorkspace({ title: "Waits in vain", prefix: "VAIN" }));
    team.open("go");
    const slowest = await readFor(server, id, 7000);
    const { took, error } = await write;
    expectEqual("the refused write", refusedWith(error), ["busy", "database_locked"]);
    expectTrue(`it waited 5 s (${took.toFixed(0)} ms)`, took > 4500 && took < 8000);
    expectTrue(`reading goes on meanwhile (slowest ${slowest.toFixed(0)} ms)`, slowest < 1000);
    context.log(`the write gave up after ${took.toFixed(0)} ms, the slowest read took ${slowest.toFixed(0)} ms`);

    const patient = timed(() => server.api.workspaces.createWorkspace({ title: "Waits with success", prefix: "WAIT" }));
    await sleep(1500);
    other.exec("ROLLBACK");
    const second = await patient;
    expectEqual("a write that waited long enough", second.error, undefined);
    await reachesReview(server, id);
    expectEqual("comments", await comments(server, id), ["Worker: Said meanwhile."]);
    const { workspaces } = await server.api.workspaces.listWorkspaces({});
    expectEqual(
      "what was refused, was not done",
      workspaces.filter(({ prefix }) => prefix === "VAIN"),
      [],
    );

    // Somebody who only reads, and for long: a backup. The log of writes grows, nothing else happens.
    other.exec("BEGIN");
    other.prepare("SELECT count(*) FROM tasks").get();
    const third = await timed(async () => {
      for (let i = 0; i < 50; i++) await server.api.tasks.createComment({ taskId: id, content: "x".repeat(10_000) });
    });
    expectEqual("writes beside a long read", third.error, undefined);
    expectTrue(`they are quick (${third.took.toFixed(0)} ms for 50)`, third.took < 5000);
    other.exec("COMMIT");
    other.close();
    expectEqual("the supervisor", server.pid(), pid);
  },
} satisfies Fault;

async function timed(work: () => Promise<unknown>): Promise<{ took: number; error?: unknown }> {
  const since = performance.now();
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { took: performance.now() - since, error };
}

/** @returns milliseconds of the slowest read */
async function readFor(server: Server, taskId: string, milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds;
  let slowest = 0;
  while (performance.now() < end) {
    const since = performance.now();
    await read(server, taskId);
    await server.api.tasks.listTasks({});
    slowest = Math.max(slowest, performance.now() - since);
    await sleep(20);
  }
  return slowest;
}
