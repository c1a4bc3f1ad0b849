import { writeFileSync } from "node:fs";
import { eventually } from "#eventually.ts";
import { executionProcesses, isAlive } from "#processes.ts";
import { comments, createTeam, reachesReview } from "#team.ts";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";

const BUGS = {
  "an exception": 'process.once("SIGWINCH", () => { throw new Error("a bug"); });',
  "a rejection": 'process.once("SIGWINCH", () => void Promise.reject(new Error("a bug")));',
  "no memory left": 'process.once("SIGWINCH", () => { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); });',
};

export default {
  id: "A13",
  title: "a bug or no memory: the supervisor ends, never half alive; its runners carry on and the next start delivers",
  async run(context) {
    for (const [what, code] of Object.entries(BUGS)) {
      const bug = `${context.folder}/bug.cjs`;
      writeFileSync(bug, `if (process.argv[2] === "serve") ${code}`);
      const options = `--require=${bug}${what === "no memory left" ? " --max-old-space-size=64" : ""}`;
      const server = await context.startMalamar({ env: { NODE_OPTIONS: options } });
      const team = await createTeam(server, { Worker: ["wait go ; comment Carried through.", "skip"] });
      const { id } = await team.task();
      await team.turn("Worker", 1);
      const pid = server.pid();
      process.kill(pid, "SIGWINCH");
      await eventually(`it ends because of ${what}`, () => !isAlive(pid), { timeout: 30_000 });
      const ended = await server.stop();
      expectTrue(`it ends with a failure (${ended})`, ended !== 0);
      expectTrue("the step goes on", executionProcesses(server.dataDir).length > 0);
      team.open("go");
      await server.start();
      await reachesReview(server, id);
      expectEqual("comments", await comments(server, id), ["Worker: Carried through."]);
      context.log(`${what}: ended with ${ended ?? "a signal"}`);
      await server.end();
    }
  },
} satisfies Fault;
