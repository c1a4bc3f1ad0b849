import { spawnSync } from "node:child_process";
import { closeSync, copyFileSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { TaskHold } from "@malamar/proto/malamar/v1/task_pb";
import type { Server } from "#start-malamar.ts";
import { createTeam } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";

export default {
  id: "A7",
  title: "the database is damaged: nothing is started or changed, and the command that is named brings the newest good copy back",
  async run(context) {
    const server = await context.startMalamar();
    const team = await createTeam(server, { Worker: [] });
    for (let i = 0; i < 60; i++) await team.task({ summary: `task ${i}`, description: "x".repeat(2000), hold: TaskHold.DRAFT });
    await server.stop("SIGINT");
    const file = `${server.dataDir}/malamar.sqlite`;
    const good = `${file}.before-2`;
    copyFileSync(file, good);

    await flips(context, server, file, good);
    await refusesAndRestores(context, server, file);
  },
} satisfies Fault;

/** Random damage: either it is noticed, and the file is left as it is, or the supervisor works with what it finds. */
async function flips(context: FaultContext, server: Server, file: string, good: string): Promise<void> {
  let noticed = 0;
  const rounds = context.short ? 4 : 30;
  for (let round = 0; round < rounds; round++) {
    copyFileSync(good, file);
    killedBefore(server);
    overwrite(file, Math.floor(context.random() * (statSync(file).size - 16)), 16, context.random);
    const before = readFileSync(file);
    const ran = await tryStart(server);
    if (ran === undefined) {
      // Not everything can be noticed by SQLite; what is, must not end in half a start.
      await server.stop("SIGINT");
      continue;
    }
    noticed++;
    expectEqual("exit code", ran.code, 65);
    expectTrue("the file is as it was", readFileSync(file).equals(before));
  }
  context.log(`${noticed} of ${rounds} random damages of 16 bytes were noticed at the start`);
  copyFileSync(good, file);
}

async function refusesAndRestores(context: FaultContext, server: Server, file: string): Promise<void> {
  killedBefore(server);
  const size = statSync(file).size;
  for (let page = 4096; page < size; page += 4 * 4096) overwrite(file, page, 400, context.random);
  const before = readFileSync(file);
  for (const command of ["serve", "start"]) {
    const { code, err } = await server.command(command);
    expectEqual(`exit code of ${command}`, code, 65);
    expectTrue(`it names file and copy: ${err}`, err.includes(`${file} is damaged`) && err.includes(".before-2"));
    expectTrue("the file is as it was", readFileSync(file).equals(before));
  }
  const doctor = await server.command("doctor");
  expectTrue(`the doctor says it, too: ${doctor.out}`, /database is damaged/.test(doctor.out));

  const words = (await server.command("serve")).err;
  const command = /^ {2}(cd .*)$/m.exec(words)?.[1] ?? "";
  expectEqual("the command works", spawnSync("sh", ["-ec", command]).status, 0);
  await server.start();
  expectEqual("tasks", (await server.api.tasks.listTasks({ pageSize: 200 })).tasks.length, 60);
  expectTrue("the damaged file is kept", readFileSync(`${server.dataDir}/damaged/malamar.sqlite`).equals(before));
}

/** @returns how it ended, or undefined when it serves */
async function tryStart(server: Server): Promise<{ code: number | null } | undefined> {
  try {
    await server.start();
    return undefined;
  } catch {
    return { code: await server.stop() };
  }
}

/** As if the last supervisor had been killed, so that the next one has a look. */
function killedBefore(server: Server): void {
  closeSync(openSync(`${server.dataDir}/supervisor.pid`, "w"));
}

function overwrite(file: string, at: number, length: number, random: () => number): void {
  const descriptor = openSync(file, "r+");
  writeSync(
    descriptor,
    Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    0,
    length,
    at,
  );
  closeSync(descriptor);
}
