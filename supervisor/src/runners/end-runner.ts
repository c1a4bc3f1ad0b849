import { loseRunner } from "#loop/lose-runner.ts";
import type { Deps } from "#store/deps.ts";
import { findRunner, saveRunner } from "./runner-table.ts";

/**
 * Remembers that a runner's process is proven gone. What it had on its hands waits, as "reaping", for another runner to prove
 * that nothing of it lives either.
 * @returns how many executions wait for that
 */
export function endRunner({ store, now }: Pick<Deps, "store" | "now">, id: string): number {
  return store.transact((db) => {
    const runner = findRunner(db, id);
    if (runner === undefined || runner.endedAt !== null) return 0;
    saveRunner(db, { ...runner, endedAt: now() });
    return loseRunner({ store, now }, id).length;
  });
}
