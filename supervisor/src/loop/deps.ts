import type { Deps } from "#store/deps.ts";
import type { Db } from "#store/open-db.ts";
import type { BackOff } from "./retry-policy.ts";

/** What the verbs of the loop may ask for. */
export interface LoopDeps extends Deps {
  /** From 0 up to 1, for jitter. */
  random: () => number;
  backOff: BackOff;
}

/** The same inside a transaction. */
export interface LoopContext {
  db: Db;
  now: number;
  newId: () => string;
  random: () => number;
  backOff: BackOff;
}

export function contextOf({ now, newId, random, backOff }: LoopDeps, db: Db): LoopContext {
  return { db, now: now(), newId, random, backOff };
}
