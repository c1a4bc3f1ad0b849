import { entriesFromLater, rebaseEntry } from "#queue/queue-table.ts";
import type { Deps } from "#store/deps.ts";
import type { Db } from "#store/open-db.ts";
import { movePauses, pausesFromLater, rebasePause } from "./pause-table.ts";
import { LONGEST_WAIT } from "./retry-policy.ts";

/** Clocks of a machine differ by this much from one reading to the next. Milliseconds. */
const SLACK = 1000;

/**
 * The clock was set back: what was written when it was ahead would otherwise wait for hours or years. A wait keeps its length
 * and begins again now. Called when time seems to have gone backwards, and at a start.
 */
export function heedClock({ store, now: clock }: Pick<Deps, "store" | "now">): void {
  const now = clock();
  if (!isAhead(store.reader, now)) return;
  store.transact((db) => {
    const limits = [now + SLACK, now + LONGEST_WAIT] as const;
    const pauses = pausesFromLater(db, ...limits);
    for (const entry of entriesFromLater(db, ...limits)) {
      const readyAt = now + lengthOf(entry.updatedAt, entry.readyAt);
      rebaseEntry(db, entry.id, readyAt, now);
      // A pause that began earlier was made longer by the same hand.
      movePauses(db, entry.readyAt, readyAt);
    }
    for (const pause of pauses) if (pause.since > now) rebasePause(db, pause, now + lengthOf(pause.since, pause.until), now);
    for (const pause of pausesFromLater(db, ...limits)) rebasePause(db, pause, now, now);
  });
}

function isAhead(db: Db, now: number): boolean {
  const limits = [now + SLACK, now + LONGEST_WAIT] as const;
  return entriesFromLater(db, ...limits).length > 0 || pausesFromLater(db, ...limits).length > 0;
}

/** Nothing honest is that far away: whoever waits so long tries now. */
function lengthOf(from: number, until: number): number {
  const length = Math.max(0, until - from);
  return length > LONGEST_WAIT ? 0 : length;
}
