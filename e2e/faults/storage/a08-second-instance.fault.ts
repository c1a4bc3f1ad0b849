import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { eventually } from "#eventually.ts";
import { isAlive, runnerProcesses } from "#processes.ts";
import { createTeam, reachesReview } from "#team.ts";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";

export default {
  id: "A8",
  title:
    "many supervisors for one data directory: one works, the others say which one and touch nothing, also while it is stopped; a killed one is replaced",
  async run(context) {
    const server = await context.startMalamar({ started: false });
    const many = context.short ? 6 : 20;

    // All at once on a fresh directory; each is the program itself.
    const race = await Promise.all(Array.from({ length: many }, () => server.command("start")));
    const won = race.filter(({ out }) => out.includes("Malamar is ready"));
    const late = race.filter(({ out }) => out.includes("is running already"));
    const refused = race.filter(({ code }) => code === 75);
    expectEqual("one of all won", won.length, 1);
    expectEqual("the others were told", won.length + late.length + refused.length, many);
    for (const { err } of refused) expectTrue(`the words name the first: ${err}`, /Another Malamar supervisor.*touched nothing/s.test(err));
    context.log(`${many} at once: 1 won, ${refused.length} refused with 75, ${late.length} saw it running`);
    const pid = Number(readFileSync(`${server.dataDir}/supervisor.pid`, "utf8").split("\n")[0]);

    // The one that has it is stopped in its tracks, and a second one comes.
    const team = await createTeam(server, { Worker: ["wait go ; comment One.", "skip"] });
    const { id } = await team.task();
    await team.turn("Worker", 1);
    process.kill(pid, "SIGSTOP");
    const before = hashOf(`${server.dataDir}/malamar.sqlite`) + hashOf(`${server.dataDir}/malamar.sqlite-wal`);
    const second = await server.command("serve");
    const after = hashOf(`${server.dataDir}/malamar.sqlite`) + hashOf(`${server.dataDir}/malamar.sqlite-wal`);
    process.kill(pid, "SIGCONT");
    expectEqual("exit code of the second", second.code, 75);
    expectTrue(`it names the first: ${second.err}`, second.err.includes(`process ${pid}`));
    expectEqual("what it changed", after, before);
    expectTrue("the first goes on", (await server.api.system.getSystem({})).system?.liveExecutions === 1);

    // Killed while the step runs: the next one has the directory at once, and the step.
    process.kill(pid, "SIGKILL");
    await eventually("it is dead", () => !isAlive(pid));
    const since = performance.now();
    await server.start();
    context.log(`taken over ${(performance.now() - since).toFixed(0)} ms after a kill -9`);
    expectEqual("runners", runnerProcesses(server.dataDir).length >= 1, true);
    team.open("go");
    await reachesReview(server, id);
  },
} satisfies Fault;

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
