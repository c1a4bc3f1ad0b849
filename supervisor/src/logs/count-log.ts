import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { type LogCounters, saveLogCounters } from "./log-counter-table.ts";

/** Writes an execution's log figures into its row. */
export function countLog({ store, now }: Pick<Deps, "store" | "now">, executionId: string, counters: LogCounters): void {
  store.transact((db) => {
    const owner = saveLogCounters(db, executionId, counters);
    if (owner !== undefined) appendEvent(db, { type: "execution_changed", ...owner, subjectId: executionId }, now());
  });
}
