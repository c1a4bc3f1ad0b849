// The guard of a PID namespace: PID 1 of the namespace, from which everything in it takes its life. It collects what dies
// there and ends when its runner does, in two ways that do not need each other: the kernel kills it together with the
// runner (the death signal, handed from process to process), and its standard input ends.
//
//   runner ─ setpriv (death signal) ─ unshare ─┬─ sh: PID 1, waits and collects
//                                              └─ (stays and dies with the runner)
//
// A runner that dies before the death signal is set leaves a guard whose input has ended. Nothing runs inside before the
// guard has said that it is ready, so the moment of setting up leaves nothing either. The death signal follows the *thread*
// that started us: guards are started on the main thread only.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { newestPid, pidsAbove, readStat, startTicks } from "./proc.ts";
import { keptWithin } from "./within.ts";

export const GUARD_MARKER = "MALAMAR_GUARD_OF";

export interface Guard {
  /** Of PID 1 of the namespace, as the runner sees it. */
  pid: number;
  /** Settles when it is gone, and with it everything in its namespace: the kernel sees to that order. */
  gone: Promise<void>;
  isGone: () => boolean;
  kill: () => void;
}

export interface GuardTools {
  setpriv: string;
  sh: string;
  unshare: string;
  nsenter: string;
  setsid: string;
  env: string;
  /** nsenter can choose the directory by itself. */
  enterDirectory: boolean;
  isRoot: boolean;
}

// A background job has no standard input of its own, hence the copy. `wait` also collects what was adopted.
const GUARD = "exec 3<&0 </dev/null; (read -r _ <&3) & exec 3<&-; echo ready; exec >/dev/null; wait";
const LONGEST_START_MS = 10_000;

/** Rejects with the reason when there can be no namespace. */
export async function startGuard(tools: GuardTools): Promise<Guard> {
  // Mounts of the machine are seen inside, those made inside stay there.
  const unshare = [tools.unshare, "--pid", "--fork", "--mount-proc", "--propagation", "slave", "--kill-child"];
  if (!tools.isRoot) unshare.push("--user", "--map-current-user");
  const args = ["--pdeathsig", "KILL", "--", ...unshare, "--", tools.sh, "-c", GUARD];
  const child = spawn(tools.setpriv, args, {
    cwd: "/",
    env: { PATH: process.env["PATH"], [GUARD_MARKER]: owner() },
    detached: true,
    stdio: "pipe",
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(0, 500)));
  let isGone = false;
  const gone = new Promise<void>((done) => {
    const end = () => {
      isGone = true;
      done();
    };
    child.once("exit", end);
    child.once("error", end);
  });
  const ready = once(child.stdout, "data").then(() => true);
  const started = await keptWithin(Promise.race([ready, gone]), LONGEST_START_MS);
  const outer = child.pid ?? 0;
  const pid = started && !isGone ? childOf(outer) : null;
  if (pid === null) {
    child.kill("SIGKILL");
    throw new Error(words.trim() || `${tools.unshare} ended at once`);
  }
  return {
    pid,
    gone,
    isGone: () => isGone,
    kill: () => !isGone && killQuietly(pid),
  };
}

/** Marks a guard as this runner's: a guard whose runner is gone may be killed by anybody who can tell. */
function owner(): string {
  return `${process.pid}:${startTicks(process.pid)}:${ownView()}`;
}

/**
 * Pids and start times mean something only to who sees them alike: from a container, or under another boot time, a living runner
 * looks like a dead one.
 */
export function ownView(): string {
  return ["pid", "time"].map((name) => namespaceOf(name)).join("/");
}

function namespaceOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${name}`);
  } catch {
    // A kernel without that kind of namespace has one view.
    return "";
  }
}

/** The one child of a process that has one; null when it has none. */
export function childOf(parent: number): number | null {
  // Pids grow, save where they have started again from the bottom.
  const floor = (newestPid() ?? 0) < parent ? 0 : parent;
  return pidsAbove(floor).find((pid) => readStat(pid)?.parent === parent) ?? null;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}
