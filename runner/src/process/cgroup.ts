// A control group (cgroup v2) per execution, below the runner's own: what was born in it never leaves it, whatever it does
// with sessions, groups and environments, and all of it dies at one word.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, wordsOf } from "#errors/start-failure.ts";

export interface Cgroup {
  path: string;
  kill: () => void;
  /** Settles when it is empty and removed; false when it would not become empty in time. */
  end: () => Promise<boolean>;
}

const LONGEST_MS = 5_000;
const PREFIX = "malamar-";

/** The runner's own group. Throws with the reason when there is none. */
export function ownCgroup(): string {
  const mount = readOr("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" - "))
    .find(([, rest]) => rest?.startsWith("cgroup2 "))?.[0]
    ?.split(" ")[4];
  if (mount === undefined) throw new Error("no cgroup v2 file system is mounted");
  const own = readOr("/proc/self/cgroup")
    .split("\n")
    .find((line) => line.startsWith("0::"));
  if (own === undefined) throw new Error("this process is in no cgroup of version 2");
  return join(mount, own.slice(3));
}

/** Makes the group of an execution. Throws with the reason when that is not allowed. */
export function makeCgroup(base: string, executionId: string): Cgroup {
  const path = join(base, PREFIX + executionId);
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw new Error(`no control group can be made in ${base} (${codeOf(error)})`, { cause: error });
  }
  return openCgroup(path);
}

/** The group that an execution of a dead runner was in; null = there is none. */
export function findCgroup(base: string, executionId: string): Cgroup | null {
  const path = join(base, PREFIX + executionId);
  return existsSync(path) ? openCgroup(path) : null;
}

/** Whether groups can be made here and processes put into them. Throws with the reason when not. */
export async function tryCgroup(base: string): Promise<void> {
  const group = makeCgroup(base, `probe-${process.pid}`);
  try {
    if (!existsSync(join(group.path, "cgroup.kill"))) throw new Error("this kernel has no cgroup.kill; it came with Linux 5.14");
  } finally {
    await group.end();
  }
}

function openCgroup(path: string): Cgroup {
  const kill = () => writeFileSync(join(path, "cgroup.kill"), "1");
  return {
    path,
    kill() {
      try {
        kill();
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw new Error(`the control group ${path} cannot be killed: ${wordsOf(error)}`, { cause: error });
      }
    },
    async end() {
      const deadline = performance.now() + LONGEST_MS;
      for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
        try {
          // Removing it is the proof: a group with a living process cannot be removed.
          rmdirSync(path);
          return true;
        } catch (error) {
          if (codeOf(error) === "ENOENT") return true;
        }
        if (performance.now() > deadline) return false;
        if (existsSync(path)) kill();
        await sleep(pause);
      }
    },
  };
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
