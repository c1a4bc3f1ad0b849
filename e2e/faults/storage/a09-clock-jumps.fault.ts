import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnSync } from "node:child_process";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { TaskHold } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { eventually } from "#eventually.ts";
import { comments, createTeam, executions, explain, reachesReview, say } from "#team.ts";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";

const HOUR = 3_600_000;
const YEARS = 10 * 365 * 24 * HOUR;

export default {
  id: "A9",
  title: "the clock jumps two hours back, ten years on and back again: no wait becomes longer, no step is lost, order stays",
  needs: ["faketime"],
  async run(context) {
    const library = spawnSync("sh", ["-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1 2>/dev/null"], {
      encoding: "utf8",
    });
    const preload = library.stdout.trim().split("\n")[0] ?? "";
    if (preload === "") context.skip("libfaketime is not where it was looked for");
    const clock = `${context.folder}/clock`;
    const set = (offset: number) => writeFileSync(clock, `${offset < 0 ? "-" : "+"}${Math.abs(offset) / 1000}s\n`);
    set(0);
    const server = await context.startMalamar({
      started: false,
      config: { backOff: { first: "2s", longest: "4s" }, lease: "1m" },
      env: { LD_PRELOAD: preload, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_DONT_FAKE_MONOTONIC: "1", FAKETIME_CACHE_DURATION: "1" },
    });
    await server.start();
    const offset = async () => {
      const { task } = await server.api.tasks.createTask({
        workspaceId: team.workspace.id,
        summary: "what time is it",
        hold: TaskHold.DRAFT,
      });
      return timestampMs(task!.createdAt!) - Date.now();
    };
    const team = await createTeam(server, { Worker: ["crash 1", "wait go ; comment Long step.", "skip"] }, { breakerLimit: 0 });
    await jump("two hours back", -2 * HOUR);
    await jump("ten years on", YEARS);
    await jump("and back", 0);
    await jump("two hours on", 2 * HOUR);
    await jump("and back again", 0);

    /** In the middle of a back-off and of a step; both have to end as if nothing had happened. */
    async function jump(what: string, to: number): Promise<void> {
      const other = await createTeam(server, { Worker: ["crash 1", "wait go ; comment Long step.", "skip"] }, { breakerLimit: 0 });
      const { id } = await other.task(what);
      await eventually("it waits for its retry", async () => (await explain(server, id)).reason === WaitReason.BACK_OFF);
      set(to);
      const since = performance.now();
      await eventually("the supervisor has the new time", async () => Math.abs((await offset()) - to) < 30_000, { every: 200 });
      await other.turn("Worker", 2);
      const retried = performance.now() - since;
      expectTrue(`the retry comes within seconds, not years (${retried.toFixed(0)} ms)`, retried < 15_000);
      await say(server, id, "first");
      set(to + 1000);
      await say(server, id, "second");
      await sleep(500);
      other.open("go");
      await reachesReview(server, id, 30_000);
      const words = (await comments(server, id)).filter((line) => !line.startsWith("System"));
      expectEqual("what was said, in order", words, ["User: first", "User: second", "Worker: Long step."]);
      expectTrue("nothing was lost or doubled", (await executions(server, id)).length <= 5);
      context.log(`${what}: the retry came ${retried.toFixed(0)} ms after the jump`);
    }
    expectEqual("pauses", (await server.api.system.getSystem({})).system?.pauses, []);
    // A restart under a clock that is behind what is stored.
    const { id } = await team.task("over a restart");
    await eventually("it waits for its retry", async () => (await explain(server, id)).reason === WaitReason.BACK_OFF);
    await server.stop("SIGTERM");
    set(-2 * HOUR);
    await server.start();
    team.open("go");
    await reachesReview(server, id, 30_000);
    expectTrue("the clock file was read", readFileSync(clock, "utf8").startsWith("-"));
  },
} satisfies Fault;
