// What /proc says about processes. On systems without it (macOS) every question has the answer "unknown".
import { existsSync, readFileSync, readdirSync } from "node:fs";

export const hasProc = existsSync("/proc/self/environ");

/** The highest pid the kernel may give out before it starts again from the bottom. */
export const pidMax = hasProc ? Number(readOr("/proc/sys/kernel/pid_max", "32768")) : 0;

/** The pid that the kernel gave out last, over all processes and threads of this PID namespace; null = unknown. */
export function newestPid(): number | null {
  const fields = readOr("/proc/loadavg", "").trim().split(" ");
  const pid = Number(fields[4]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

export interface ProcessStat {
  state: string;
  parent: number;
  group: number;
  session: number;
  kernelThread: boolean;
  /** Clock ticks between boot and the start of the process. With the pid it names one process for ever. */
  startTicks: bigint;
  /** Memory it has in use, in pages. */
  residentPages: number;
}

/** null when there is no such process (any more). */
export function readStat(pid: number): ProcessStat | null {
  const text = readOr(`/proc/${pid}/stat`, "");
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, session] = fields;
  const flags = fields[6];
  const ticks = fields[19];
  if (state === undefined || ticks === undefined) return null;
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    kernelThread: (Number(flags) & 0x200000) !== 0,
    startTicks: BigInt(ticks),
    residentPages: Number(fields[21]),
  };
}

/** 0 = unknown. */
export function startTicks(pid: number): bigint {
  return readStat(pid)?.startTicks ?? 0n;
}

/** The very process with this pid and start. A killed one needs a moment to end, and until then it may still be writing. */
export function isLiving(pid: number, ticks: bigint): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTicks === ticks && !isDead(stat);
}

/** It has ended and only waits to be collected. */
export function isDead(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}

/** The environment a process was started with, NUL between the entries; null when it is gone or not ours to read. */
export function readEnviron(pid: number): Buffer | null {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return null;
  }
}

/** True when one whole entry of the environment is exactly `entry`. */
export function holdsEntry(environ: Buffer, entry: string): boolean {
  const wanted = Buffer.from(entry);
  for (let at = environ.indexOf(wanted); at !== -1; at = environ.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const startsEntry = at === 0 || environ[at - 1] === 0;
    const endsEntry = end === environ.length || environ[end] === 0;
    if (startsEntry && endsEntry) return true;
  }
  return false;
}

export function pidsAbove(floor: number): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (pid > floor) pids.push(pid);
  }
  return pids;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return otherwise;
  }
}
