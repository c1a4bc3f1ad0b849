// The proof that nothing of an execution lives any more, without cgroups or namespaces (containment level L0). With them it
// only counts what was left; the proof is theirs.
//
// Found is every process whose environment holds the execution's marker, and every member of its process group. What is
// found is killed, and the search goes on until two searches in a row find nothing, because one look misses children
// that are born while it looks. A process that empties its environment *and* leaves the group is not found: L0 says so.
import { setTimeout as sleep } from "node:timers/promises";
import { holdsEntry, hasProc, isDead, isLiving, newestPid, pidMax, pidsAbove, readEnviron, readStat, startTicks } from "./proc.ts";

export const MARKER = "MALAMAR_EXECUTION_ID";

export interface SweepTarget {
  executionId: string;
  /** Leader of the process group; 0 = unknown. */
  pid: number;
  /** Only processes with a higher pid can belong to it; 0 = look at all. */
  floor: number;
  /** The group is known to be ours. Otherwise only the marker counts, because a pid may have been given out again. */
  ownGroup: boolean;
}

export interface SweepResult {
  killed: number;
  /** False when something was still found at the end of the time, e.g. a process of another user. */
  empty: boolean;
}

const LONGEST_MS = 5_000;
// A process that is being replaced by another program shows an empty environment for a moment; so does, for ever, one
// that was started with none.
const MOST_DOUBTS = 3;

/** Sweeps what a CLI left behind, right after its own process ended. */
export function sweepAfterExit(executionId: string, pid: number, aliveMs: number): Promise<SweepResult> {
  // Pids grow, so everything the CLI started has a higher pid than itself, as long as the kernel did not start again
  // from the bottom meanwhile. Nothing forks 100,000 times a second for long, so a brief life needs no full search.
  const mayHaveWrapped = aliveMs > pidMax / 100 || (newestPid() ?? 0) < pid;
  return sweep({ executionId, pid, floor: mayHaveWrapped ? 0 : pid, ownGroup: true });
}

/** Kills what it finds until two looks in a row find nothing. */
export async function sweep(target: SweepTarget): Promise<SweepResult> {
  if (!hasProc) return sweepGroup(target);
  const deadline = performance.now() + LONGEST_MS;
  let floor = target.floor;
  let quiet = 0;
  const killed = new Map<number, bigint>();
  let doubts = 0;
  let pause = 1;
  for (;;) {
    const newest = newestPid();
    // Nothing at all was started since: the cheap end of an ordinary execution.
    const nothingNew = newest !== null && newest === floor && !(target.ownGroup && groupLives(target.pid));
    const seen = nothingNew ? NOTHING : look(target, floor);
    if (seen.unclear) doubts += 1;
    const dying = [...killed].some(([pid, ticks]) => isLiving(pid, ticks));
    if (seen.found.length === 0 && !dying && (!seen.unclear || doubts > MOST_DOUBTS)) {
      quiet += 1;
      if (quiet === 2) return { killed: killed.size, empty: true };
      // What was already there has been looked at; the second look is for what was born meanwhile.
      if (newest !== null && newest >= floor) floor = newest;
      continue;
    }
    quiet = 0;
    floor = target.floor;
    for (const pid of seen.found) {
      const ticks = startTicks(pid);
      if (kill(pid)) killed.set(pid, ticks);
    }
    if (performance.now() > deadline) return { killed: killed.size, empty: false };
    await sleep(pause);
    pause = Math.min(pause * 2, 50);
  }
}

interface Look {
  found: number[];
  /** Some process could not be judged. */
  unclear: boolean;
}

const NOTHING: Look = { found: [], unclear: false };

function look(target: SweepTarget, floor: number): Look {
  const entry = `${MARKER}=${target.executionId}`;
  const group = target.ownGroup && groupLives(target.pid) ? target.pid : 0;
  const found: number[] = [];
  let unclear = false;
  for (const pid of pidsAbove(floor)) {
    if (pid === process.pid) continue;
    const environ = readEnviron(pid);
    if (environ !== null && holdsEntry(environ, entry)) {
      found.push(pid);
      continue;
    }
    const blank = environ?.length === 0;
    if (!blank && group === 0) continue;
    const stat = readStat(pid);
    if (stat === null || stat.kernelThread || isDead(stat)) continue;
    if (group !== 0 && stat.group === group) found.push(pid);
    else if (blank) unclear = true;
  }
  return { found, unclear };
}

/** Without /proc the group is all that can be found. */
async function sweepGroup(target: SweepTarget): Promise<SweepResult> {
  if (!target.ownGroup || !groupLives(target.pid)) return { killed: 0, empty: true };
  kill(-target.pid);
  await sleep(20);
  return { killed: 1, empty: !groupLives(target.pid) };
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
