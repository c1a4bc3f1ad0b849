// What executions use at this moment, in one pass over all processes. Called once a heartbeat, never more often.
import { hasProc, isDead, pidsAbove, readStat, type ProcessStat } from "./proc.ts";

export interface Root {
  /** The CLI itself. */
  pid: number;
  /** PID 1 of its namespace, where orphans are adopted; null without one. */
  guard: number | null;
}

export interface Usage {
  processes: number;
  memoryBytes: number;
}

// Every system that runs Node 24 on x64 has this; the few with larger pages are told too little.
const PAGE = 4096;

/** In the order of the roots; null = unknown. Memory that processes share counts for each of them. */
export function measure(roots: readonly Root[]): (Usage | null)[] {
  if (!hasProc || roots.length === 0) return roots.map(() => null);
  const all = new Map<number, ProcessStat>();
  const children = new Map<number, number[]>();
  const sessions = new Map<number, number[]>();
  for (const pid of pidsAbove(0)) {
    const stat = readStat(pid);
    if (stat === null || isDead(stat)) continue;
    all.set(pid, stat);
    append(children, stat.parent, pid);
    append(sessions, stat.session, pid);
  }
  return roots.map(({ pid, guard }) => {
    if (!all.has(pid)) return null;
    const found = new Set<number>();
    const take = (one: number): void => {
      if (found.has(one) || !all.has(one)) return;
      found.add(one);
      for (const child of children.get(one) ?? []) take(child);
    };
    take(pid);
    for (const member of sessions.get(pid) ?? []) take(member);
    // The guard and its own helper are ours, not the agent's.
    const own = guard === null ? undefined : all.get(guard)?.session;
    for (const adopted of (guard !== null && children.get(guard)) || []) if (all.get(adopted)?.session !== own) take(adopted);
    const pages = [...found].reduce((sum, one) => sum + (all.get(one)?.residentPages ?? 0), 0);
    return { processes: found.size, memoryBytes: pages * PAGE };
  });
}

function append(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
