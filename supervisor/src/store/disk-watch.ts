import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Ballast } from "./ballast.ts";
import { BALLAST_BYTES, type DiskState, nextDiskState, reserveOf } from "./disk-state.ts";

export interface DiskWatch {
  state(): DiskState;
  /** Whether new work may be started; looks at the disk when the last look was a while ago. */
  hasRoom(): boolean;
  /** Something was written: as long as there is work, the disk is looked at now and then. */
  note(): void;
  /** A write failed for want of space: the ballast is given away. */
  noteFull(): void;
  stop(): void;
}

export interface DiskWatchOptions {
  /** Its file lies on the disk that is watched. */
  ballast: Ballast;
  reserve: number | "auto";
  now: () => number;
  /** Whether something runs that may fill the disk. */
  busy: () => boolean;
  /** Called in a turn of its own after the level has changed. */
  onChange: (state: DiskState) => void;
  onError: (error: unknown) => void;
  /** Milliseconds between two looks, and for how long one look is good enough to start something. */
  interval?: number;
  fresh?: number;
}

/** A start needs a little room, too: the ballast makes it. */
export function makeRoom(ballast: Ballast): void {
  const { bavail, bsize } = statfsSync(dirname(ballast.file));
  if (bavail * bsize < START_BYTES) ballast.drop();
}

const START_BYTES = 4 * 1024 * 1024;

/** Watches the room on the disk while there is work or too little of it. Without either there is no timer. */
export function watchDisk({ ballast, reserve, now, busy, onChange, onError, interval = 5000, fresh = 1000 }: DiskWatchOptions): DiskWatch {
  const folder = dirname(ballast.file);
  let timer: NodeJS.Timeout | undefined;
  let filling = false;
  let stopped = false;
  let lookedAt = -Infinity;
  let told: DiskState["level"] = "ok";
  let state: DiskState = { level: "ok", since: now(), free: 0, reserve: 0 };

  function look(failed = false): void {
    const first = lookedAt === -Infinity;
    lookedAt = performance.now();
    const { bavail, blocks, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const total = blocks * bsize;
    const there = ballast.there();
    const before = state;
    state = nextDiskState(before, { free, total, ballast: there, failed }, reserve, now());
    if (state.level !== told) setImmediate(tell);
    // Not in the first look: a program that is just starting has better things to write.
    if (!there && !first && !failed && free >= reserveOf(reserve, total) + BALLAST_BYTES) void refill();
    if (state.level !== "ok" || !there) again();
  }

  function tell(): void {
    if (stopped || state.level === told) return;
    guarded(() => {
      onChange(state);
      told = state.level;
    });
    // It may have been the very disk that kept it from being told.
    if (state.level !== told) again();
  }

  async function refill(): Promise<void> {
    if (filling) return;
    filling = true;
    const filled = await ballast.fill();
    filling = false;
    if (filled && !stopped) guarded(look);
  }

  function again(): void {
    if (stopped) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      guarded(() => {
        look();
        if (busy()) again();
      });
    }, interval).unref();
  }

  /** A disk that does not even answer is no reason to stop; what is written next says what is wrong. */
  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      onError(error);
    }
  }

  guarded(look);
  return {
    state: () => state,
    hasRoom() {
      if (performance.now() - lookedAt > fresh) guarded(look);
      return state.level === "ok";
    },
    note: again,
    noteFull() {
      guarded(() => {
        ballast.drop();
        look(true);
      });
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
