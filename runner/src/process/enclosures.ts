// Which containment this machine can give, found out once when it is first needed, and an enclosure for each execution. A
// guard lies ready for the next one, because setting up a namespace takes longer than entering it.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { StartFailure, wordsOf } from "#errors/start-failure.ts";
import { makeCgroup, ownCgroup, tryCgroup, type Cgroup } from "./cgroup.ts";
import { levelsToTry, type Command, type ContainmentSetting, type Enclosure, type Level } from "./containment.ts";
import { startGuard, type Guard, type GuardTools } from "./guard.ts";
import type { CliLaunch } from "./spawn-cli.ts";
import { keptWithin } from "./within.ts";

export interface Enclosures {
  /** Throws a StartFailure when the level that was asked for is not to be had. */
  level: () => Promise<Level>;
  /** null at L0. */
  take: (executionId: string) => Promise<Enclosure | null>;
  /** Has the next guard ready, when there is nothing better to do. */
  refill: () => void;
  close: () => void;
}

const LONGEST_END_MS = 5_000;
const TOOLS = ["setpriv", "sh", "unshare", "nsenter", "setsid", "env"] as const;

export function createEnclosures(setting: ContainmentSetting): Enclosures {
  const isRoot = process.getuid?.() === 0;
  let chosen: Promise<Level> | null = null;
  let spare: Promise<Guard> | null = null;
  let closed = false;

  function level(): Promise<Level> {
    chosen ??= choose();
    return chosen;
  }

  async function choose(): Promise<Level> {
    let why = "";
    for (const each of levelsToTry(setting, isRoot)) {
      const missing = await whyNot(each, (guard) => void (spare = Promise.resolve(guard)));
      if (missing === null) return each;
      why = missing;
    }
    throw new StartFailure("spawn_failed", notToBeHad(setting as Level, why));
  }

  function nextGuard(): Promise<Guard> {
    const ready = spare;
    spare = null;
    return ready ?? startGuard(findTools());
  }

  return {
    level,
    async take(executionId) {
      const present = await level();
      if (present === "L0") return null;
      try {
        const group = present === "L2" ? null : makeCgroup(ownCgroup(), executionId);
        if (present === "L1") return enclose(present, null, group);
        let guard = await nextGuard();
        if (guard.isGone()) guard = await startGuard(findTools());
        return enclose(present, guard, group);
      } catch (error) {
        throw new StartFailure("spawn_failed", notToBeHad(present, wordsOf(error)));
      }
    },
    refill() {
      if (closed || spare !== null || chosen === null) return;
      void chosen.then(
        (present) => {
          if (closed || spare !== null || (present !== "L2" && present !== "L3")) return;
          const starting = startGuard(findTools());
          spare = starting;
          starting.catch(() => {
            if (spare === starting) spare = null;
          });
        },
        () => {},
      );
    },
    close() {
      closed = true;
      void spare?.then(
        (guard) => guard.kill(),
        () => {},
      );
      spare = null;
    },
  };
}

function enclose(level: Level, guard: Guard | null, group: Cgroup | null): Enclosure {
  return {
    level,
    guard: guard?.pid ?? null,
    wrap: (launch) => inside(launch, findTools(), guard?.pid ?? null, group?.path ?? null),
    kill() {
      guard?.kill();
      group?.kill();
    },
    async end() {
      guard?.kill();
      const gone = guard === null || (await keptWithin(guard.gone, LONGEST_END_MS));
      return (group === null || (await group.end())) && gone;
    },
  };
}

/** The command that starts a CLI in the namespace of a guard and in a control group. */
function inside({ program, args, env, directory }: CliLaunch, tools: GuardTools, guard: number | null, group: string | null): Command {
  const command = [program, ...args];
  // The shell that joins the group adds these of its own accord.
  const added = group === null ? [] : ["PWD", "OLDPWD", "SHLVL", "_"].filter((name) => env[name] === undefined);
  const unset = added.flatMap((name) => ["--unset", name]);
  // Entering another mount namespace leads to its root, so the way back is told.
  const back = guard !== null && !tools.enterDirectory ? ["--chdir", directory] : [];
  if (unset.length + back.length > 0) command.unshift(tools.env, ...unset, ...back, "--");
  if (guard !== null) {
    const credentials = tools.isRoot ? [] : ["--user", "--preserve-credentials"];
    const where = tools.enterDirectory ? [`--wdns=${directory}`] : [];
    // A session of its own makes the CLI the leader of its group, as it is without an enclosure.
    command.unshift(tools.nsenter, "--target", String(guard), "--pid", "--mount", ...credentials, ...where, "--", tools.setsid, "--");
  }
  if (group !== null) command.unshift(tools.sh, "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"', group);
  const [first = program, ...rest] = command;
  return { program: first, args: rest };
}

/** Why a level is not to be had on this machine; null = it is. The guard that was started to find out is handed on. */
export async function whyNot(level: Level, onGuard: (guard: Guard) => void): Promise<string | null> {
  try {
    if (level === "L1" || level === "L3") await tryCgroup(ownCgroup());
    if (level === "L2" || level === "L3") onGuard(await startGuard(findTools()));
    return null;
  } catch (error) {
    return wordsOf(error);
  }
}

/** Which level is taken by default on this machine, and why each other one is not to be had; null = it is. */
export async function probeLevels(): Promise<{ chosen: Level; levels: Record<Level, string | null> }> {
  const levels = { L0: null } as Record<Level, string | null>;
  for (const level of ["L1", "L2", "L3"] as const) levels[level] = await whyNot(level, (guard) => guard.kill());
  const chosen = levelsToTry("auto", process.getuid?.() === 0).find((level) => levels[level] === null) ?? "L0";
  return { chosen, levels };
}

function notToBeHad(level: Level, why: string): string {
  return `Containment ${level} is not to be had on this machine: ${why}. Nothing was started; set containment to auto, or see malamar doctor.`;
}

let found: GuardTools | null = null;

function findTools(): GuardTools {
  if (found !== null) return found;
  const paths = Object.fromEntries(TOOLS.map((name) => [name, findTool(name)])) as Record<(typeof TOOLS)[number], string>;
  const help = spawnSync(paths.nsenter, ["--help"], { encoding: "utf8" }).stdout;
  return (found = { ...paths, isRoot: process.getuid?.() === 0, enterDirectory: help.includes("--wdns") });
}

function findTool(name: string): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/bin", "/usr/sbin"];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (path.startsWith("/")) return path;
    } catch {
      // The next folder may have it.
    }
  }
  throw new Error(`the program ${name} is missing (it comes with util-linux)`);
}
