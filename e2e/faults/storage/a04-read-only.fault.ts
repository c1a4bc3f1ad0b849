import { spawnSync } from "node:child_process";
import { isAlive } from "#processes.ts";
import { createTeam } from "#team.ts";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";
import { withDataOn } from "./mounted.ts";

export default {
  id: "A4",
  title: "the disk is read-only: a start refuses in words; when it turns so at run time, the supervisor ends at once",
  needs: ["root"],
  async run(context) {
    await withDataOn(
      context,
      { kind: "ext4", megabytes: 96, config: { diskReserve: "10 MiB", warmSpare: false } },
      async (server, disk) => {
        const team = await createTeam(server, { Worker: [] });
        await server.stop("SIGINT");
        disk.remount("ro");
        for (const command of ["serve", "start"]) {
          const { code, err } = await server.command(command);
          expectEqual(`exit code of ${command}`, code, 78);
          expectTrue(`it says why: ${err}`, /cannot be written to.*mounted read-only/s.test(err));
        }
        disk.remount();
        await server.start();

        // What ext4 does to itself after an error that it cannot mend.
        const aborted = spawnSync("mount", ["-o", "remount,abort", disk.path], { encoding: "utf8" });
        if (aborted.status !== 0) return context.log(`this kernel does not abort a file system: ${aborted.stderr.trim()}`);
        const pid = server.pid();
        const since = performance.now();
        const error = await team.task("cannot be written").catch((reason: unknown) => reason);
        expectTrue("nothing is acknowledged", error instanceof Error);
        while (isAlive(pid) && performance.now() - since < 5000) await new Promise((resolve) => setTimeout(resolve, 10));
        const took = performance.now() - since;
        expectEqual("exit code", await server.stop(), 74);
        expectTrue(`it ended within 2 s (${took.toFixed(0)} ms)`, took < 2000);
        context.log(`ended ${took.toFixed(0)} ms after the disk had turned read-only`);
        const refused = await server.command("serve");
        expectEqual("exit code of the next start", refused.code, 74);
        expectTrue(`it refuses with words: ${refused.err}`, /does not do what it is asked .*so nothing was started/.test(refused.err));
        disk.remount();
        await server.start();
        expectEqual("workspaces", (await server.api.workspaces.listWorkspaces({})).workspaces.length, 1);
      },
    );
  },
} satisfies Fault;
