import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { levelsToTry, type Level } from "./containment.ts";
import { createEnclosures, whyNot, type Enclosures } from "./enclosures.ts";
import { measure } from "./measure.ts";
import { isLiving } from "./proc.ts";
import { spawnCli, type CliProcess } from "./spawn-cli.ts";
import { killCli } from "./stop-cli.ts";

const possible: Level[] = [];
for (const level of ["L0", "L1", "L2", "L3"] as const) if ((await whyNot(level, (guard) => guard.kill())) === null) possible.push(level);
const namespaces = possible.filter((level) => level === "L2" || level === "L3");
const enclosed = possible.filter((level) => level !== "L0");

const open: Enclosures[] = [];
afterEach(() => open.splice(0).forEach((each) => each.close()));

let count = 0;
async function start(level: Level, script: string): Promise<{ cli: CliProcess; text: Promise<string>; mark: string }> {
  const enclosures = createEnclosures(level);
  open.push(enclosures);
  const mark = `enclosed-${process.pid}-${(count += 1)}`;
  const enclosure = await enclosures.take(mark);
  const env = { PATH: process.env["PATH"] ?? "", MALAMAR_EXECUTION_ID: mark };
  const cli = await spawnCli({ program: "sh", args: ["-c", script, mark], env, directory: "/usr/lib", stdin: null }, enclosure);
  const text = cli.stdout.toArray().then((chunks) => Buffer.concat(chunks as Buffer[]).toString());
  await cli.entered;
  return { cli, text, mark };
}

/** How many processes with this in their arguments live. */
function living(mark: string): number {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && Number(name) !== process.pid && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  }).length;
}

test("by default an agent loses nothing: a namespace only as root, else a control group, else nothing", () => {
  expect(levelsToTry("auto", true)).toEqual(["L2", "L1", "L0"]);
  expect(levelsToTry("auto", false)).toEqual(["L1", "L0"]);
  expect(levelsToTry("L3", false)).toEqual(["L3"]);
});

describe.each(possible)("at %s", (level) => {
  test("a CLI finds its directory, its environment and its exit code as if nothing were around it", async () => {
    const { cli, text, mark } = await start(level, "pwd -P; /usr/bin/env | sort; exit 7");
    expect(await cli.exited).toEqual({ code: 7, signal: "" });
    const added = ["PWD=/usr/lib", "OLDPWD=", "SHLVL=", "_="];
    const lines = (await text)
      .trim()
      .split("\n")
      .filter((line) => !added.some((each) => line.startsWith(each)));
    expect(lines).toEqual(["/usr/lib", `MALAMAR_EXECUTION_ID=${mark}`, `PATH=${process.env["PATH"]}`]);
    expect(await cli.enclosure?.end()).not.toBe(false);
  });

  test("a signal that ended it is seen as that signal", async () => {
    const { cli } = await start(level, "kill -TERM $$");
    expect(await cli.exited).toEqual({ code: null, signal: "SIGTERM" });
    await cli.enclosure?.end();
  });

  test("its pid is one of this system, leads its group, and its processes and memory are counted", async () => {
    const { cli } = await start(level, "sleep 600 & sleep 600 & sleep 600; :");
    for (
      let tries = 0;
      tries < 200 && (measure([{ pid: cli.pid, guard: cli.enclosure?.guard ?? null }])[0]?.processes ?? 0) < 4;
      tries += 1
    )
      await sleep(10);
    expect(isLiving(cli.pid, cli.startTicks)).toBe(true);
    const [used] = measure([{ pid: cli.pid, guard: cli.enclosure?.guard ?? null }]);
    expect(used?.processes).toBe(4);
    expect(used?.memoryBytes).toBeGreaterThan(100_000);
    await killCli(cli);
    expect((await cli.exited).signal).toBe("SIGKILL");
    expect(await cli.enclosure?.end()).not.toBe(false);
  });
});

describe.each(enclosed)("at %s", (level) => {
  test("B4: daemons in sessions of their own with emptied environments are dead after a normal end", async () => {
    const { cli, mark } = await start(
      level,
      `for i in 1 2 3; do env -i setsid sh -c 'trap "" TERM HUP; sleep 600; :' $0 & done; sleep 0.2`,
    );
    expect((await cli.exited).code).toBe(0);
    expect(living(mark)).toBeGreaterThan(0);
    expect(await cli.enclosure?.end()).toBe(true);
    expect(living(mark)).toBe(0);
  });
});

describe.each(namespaces)("at %s", (level) => {
  test("B17: the guard collects what dies as an orphan", async () => {
    const { cli, text } = await start(
      level,
      `for i in 1 2 3 4 5; do (sh -c 'sleep 0.05' &) ; done; sleep 0.5; grep -l 'State:.Z' /proc/[0-9]*/status | wc -l`,
    );
    expect((await text).trim()).toBe("0");
    await cli.enclosure?.end();
  });

  test("when the process that waits for the CLI is killed in its place, the CLI dies with its enclosure all the same", async () => {
    const { cli, mark } = await start(level, "trap '' TERM INT; sleep 600; :");
    const waiter = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${cli.pid}/status`, "utf8"))?.[1]);
    process.kill(waiter, "SIGKILL");
    await cli.exited;
    expect(isLiving(cli.pid, cli.startTicks)).toBe(true);
    expect(await cli.enclosure?.end()).toBe(true);
    expect(isLiving(cli.pid, cli.startTicks)).toBe(false);
    expect(living(mark)).toBe(0);
  });

  test("a program that is missing, or may not be executed, is named before anything is started", async () => {
    const enclosures = createEnclosures(level);
    open.push(enclosures);
    const launch = { args: [], env: { PATH: "/usr/bin" }, directory: "/", stdin: null };
    const refusal = async (program: string): Promise<unknown> => {
      const enclosure = await enclosures.take(`refused-${process.pid}`);
      try {
        return await spawnCli({ ...launch, program }, enclosure);
      } catch (error) {
        return error;
      } finally {
        await enclosure?.end();
      }
    };
    expect(await refusal("no-such-program")).toMatchObject({ fault: "cli_missing" });
    expect(await refusal("/etc/passwd")).toMatchObject({ fault: "spawn_failed", message: expect.stringContaining("may not be executed") });
  });
});

test("what is not started or has ended is not measured", () => {
  expect(measure([{ pid: 0, guard: null }])).toEqual([null]);
});

test("a level that is not to be had is refused with the reason", async () => {
  const path = process.env["PATH"];
  const missing = (["L1", "L2", "L3"] as const).find((level) => !possible.includes(level));
  if (missing === undefined) return;
  const enclosures = createEnclosures(missing);
  await expect(enclosures.level()).rejects.toMatchObject({ fault: "spawn_failed", message: expect.stringContaining(missing) });
  expect(process.env["PATH"]).toBe(path);
});
