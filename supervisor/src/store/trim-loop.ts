import { setImmediate as nextTurn } from "node:timers/promises";
import type { Db } from "./open-db.ts";
import type { Store } from "./store.ts";

/** Rows that are of no use after a while. */
export interface Trim {
  /** Milliseconds. */
  keep: number;
  /** Removes at most `limit` rows older than a time. @returns how many */
  remove: (db: Db, before: number, limit: number) => number;
}

export interface TrimOptions {
  store: Store;
  now: () => number;
  trims: readonly Trim[];
  onError: (error: unknown) => void;
  /** Milliseconds between two looks. */
  interval?: number;
}

const AN_HOUR = 3_600_000;
/** Small enough to hold up nobody. */
const ROWS_AT_A_TIME = 1000;

/** Removes old rows once an hour, as long as there are commits: an idle system writes nothing, and what was not written does not grow. */
export function startTrimming({ store, now, trims, onError, interval = AN_HOUR }: TrimOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let stopped = false;

  store.onCommit(() => {
    // Its own commits are no reason for another round.
    if (!running && !stopped) timer ??= setTimeout(() => void trim().catch(onError), interval).unref();
  });

  async function trim(): Promise<void> {
    running = true;
    try {
      for (const { keep, remove } of trims) await removeAll((db) => remove(db, now() - keep, ROWS_AT_A_TIME));
    } finally {
      running = false;
      timer = undefined;
    }
  }

  async function removeAll(remove: (db: Db) => number): Promise<void> {
    while (!stopped && store.transact(remove) === ROWS_AT_A_TIME) {
      await store.durable();
      await nextTurn();
    }
    await store.durable();
  }

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
