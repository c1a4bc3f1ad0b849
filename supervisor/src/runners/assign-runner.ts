import { must } from "#errors/must.ts";
import type { Deps } from "#store/deps.ts";
import { findRunner, saveRunner } from "./runner-table.ts";
import type { Runner } from "./runner.ts";

/** Remembers which workspaces a runner carries; it is told so again whenever it connects. */
export function assignRunner({ store }: Pick<Deps, "store">, id: string, workspaceIds: string[]): Runner {
  return store.transact((db) => {
    const runner = { ...must(findRunner(db, id), `Runner ${id} has no row to be assigned in.`), workspaceIds };
    saveRunner(db, runner);
    return runner;
  });
}
