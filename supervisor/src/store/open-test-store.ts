import { fileURLToPath } from "node:url";
import type { Deps } from "./deps.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { openWriter } from "./open-db.ts";
import { createStore, takeEpoch } from "./store.ts";

export interface TestDeps extends Deps {
  /** Moves the fixed clock forward. */
  pass(milliseconds: number): void;
}

/** Everything a verb needs, for tests: a real database in memory, a clock that stands still, ids that count. */
export function openTestStore(): TestDeps {
  const writer = openWriter(":memory:");
  migrate(writer, readMigrations(fileURLToPath(new URL("../../migrations", import.meta.url))));
  const { epoch } = takeEpoch(writer, 0, "installation");
  let now = Date.UTC(2026, 10, 20, 9);
  let ids = 0;
  return {
    store: createStore({
      writer,
      epoch,
      onFatal: (error) => {
        throw error;
      },
    }),
    now: () => now,
    newId: () => `id${String(++ids).padStart(19, "0")}`,
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}
