import { readdirSync, readFileSync } from "node:fs";

/** A process as /proc shows it. */
export interface ProcessFacts {
  /** One letter; Z and X have ended and only wait to be collected. */
  state: string;
  /** Start in clock ticks since the machine's own: with the pid it names one process for ever. */
  startTicks: number;
}

/** @returns undefined when there is no such process (any more) */
export function processFacts(pid: number): ProcessFacts | undefined {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  // The program's name stands in brackets and may hold brackets and spaces itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: Number(fields[19]) };
}

export function isAlive({ pid, pidStartTicks }: { pid: number; pidStartTicks: number }): boolean {
  const facts = processFacts(pid);
  return facts !== undefined && facts.startTicks === pidStartTicks && facts.state !== "Z" && facts.state !== "X";
}

/** Sends a signal unless the process is another one by now. @returns whether it was sent */
export function signalProcess(process_: { pid: number; pidStartTicks: number }, signal: NodeJS.Signals, { group = false } = {}): boolean {
  if (!isAlive(process_)) return false;
  try {
    process.kill(group ? -process_.pid : process_.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

export function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What stands in a process's `cmdline` or `environ`; empty when it is gone or another user's. */
export function processStrings(pid: number, file: "cmdline" | "environ"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").slice(0, -1);
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === "EACCES") return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH";
}
