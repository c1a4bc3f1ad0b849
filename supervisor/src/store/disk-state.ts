/** How much room the data directory has. Bytes; time in Unix milliseconds. */
export interface DiskState {
  /** ok: work is started. low: below the reserve, so nothing new is started. full: a write failed, so only what must be is written. */
  level: "ok" | "low" | "full";
  /** When the level was reached. */
  since: number;
  free: number;
  reserve: number;
}

/** What is seen of the disk at one moment. */
export interface DiskSight {
  free: number;
  total: number;
  /** The ballast lies on the disk, so that its room can be given away when nothing else is left. */
  ballast: boolean;
  /** A write has failed for want of space since the last look. */
  failed: boolean;
}

const MIB = 1024 * 1024;
export const BALLAST_BYTES = 16 * MIB;
const LARGEST_AUTO_RESERVE = 200 * MIB;

/** Bytes that are to stay free: as set, or 200 MiB, or a hundredth of the disk where that is less. */
export function reserveOf(setting: number | "auto", total: number): number {
  return setting === "auto" ? Math.min(LARGEST_AUTO_RESERVE, Math.floor(total / 100)) : setting;
}

/** The state after a look. A missing ballast counts as used: it is the first that comes back. */
export function nextDiskState(before: DiskState, sight: DiskSight, setting: number | "auto", now: number): DiskState {
  const reserve = reserveOf(setting, sight.total);
  const left = sight.free - (sight.ballast ? 0 : BALLAST_BYTES);
  const level = levelOf(before.level, sight, left, reserve);
  return { level, since: level === before.level ? before.since : now, free: sight.free, reserve };
}

function levelOf(before: DiskState["level"], { ballast, failed }: DiskSight, left: number, reserve: number): DiskState["level"] {
  if (failed) return "full";
  // What failed is over when the ballast could be written again, whatever the figures say: there may be a quota.
  if (before === "full") return ballast && left >= reserve ? "ok" : "full";
  // A little more than was missing, so that it does not swing at the edge.
  return left >= (before === "low" ? reserve + reserve / 20 : reserve) ? "ok" : "low";
}

/** What is wrong and what to do, for people; empty while all is well. */
export function diskWords({ level, free, reserve }: DiskState): string {
  const next = "Free some space; Malamar goes on by itself.";
  if (level === "full") {
    const needed = inWords(reserve + BALLAST_BYTES);
    return `The disk with Malamar's data is full: what had to be written found no room, and ${needed} are needed to go on. ${next}`;
  }
  if (level === "low") {
    return `The disk with Malamar's data is nearly full: ${inWords(free)} are free, and below ${inWords(reserve)} nothing is started. ${next}`;
  }
  return "";
}

function inWords(bytes: number): string {
  return bytes < 10 * 1024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${Math.floor(bytes / (1024 * MIB))} GiB`;
}
