// The proof that nothing of an execution lives any more whose runner is gone. At L2 and L3 the guard of that runner dies with
// it, and the whole namespace with the guard; it is looked for all the same, because dying takes a moment.
import { setTimeout as sleep } from "node:timers/promises";
import { findCgroup, ownCgroup, type Cgroup } from "./cgroup.ts";
import { GUARD_MARKER, ownView } from "./guard.ts";
import { hasProc, isLiving, pidsAbove, readEnviron, startTicks } from "./proc.ts";
import { sweep, type SweepResult } from "./sweep.ts";

const LONGEST_MS = 5_000;

export async function reap(executionId: string, pid: number, ticks: bigint): Promise<SweepResult> {
  const ownGroup = pid > 1 && ticks !== 0n && startTicks(pid) === ticks;
  const { killed, empty } = await sweep({ executionId, pid, floor: 0, ownGroup });
  const group = cgroupOf(executionId);
  group?.kill();
  const groupEmpty = group === null || (await group.end());
  return { killed, empty: (await endOrphanedGuards()) && groupEmpty && empty };
}

function cgroupOf(executionId: string): Cgroup | null {
  try {
    return findCgroup(ownCgroup(), executionId);
  } catch {
    return null;
  }
}

/** Ends every guard whose runner is gone, as far as we can tell. False when one would not end. */
async function endOrphanedGuards(): Promise<boolean> {
  if (!hasProc) return true;
  const orphans = pidsAbove(1).flatMap((pid) => {
    const ticks = startTicks(pid);
    return isOrphanedGuard(pid) ? [{ pid, ticks }] : [];
  });
  const deadline = performance.now() + LONGEST_MS;
  for (const { pid, ticks } of orphans) {
    while (isLiving(pid, ticks)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended, or is another user's and no guard of ours.
      }
      if (performance.now() > deadline) return false;
      await sleep(1);
    }
  }
  return true;
}

function isOrphanedGuard(pid: number): boolean {
  const environ = readEnviron(pid)?.toString("latin1") ?? "";
  if (!environ.includes(GUARD_MARKER)) return false;
  const [, runner, ticks, view] = new RegExp(`(?:^|\\0)${GUARD_MARKER}=(\\d+):(\\d+):([^\\0]*)\\0`).exec(environ) ?? [];
  return runner !== undefined && ticks !== undefined && view === ownView() && !isLiving(Number(runner), BigInt(ticks));
}
