import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Deps } from "#store/deps.ts";
import { forgetRemoval, oldestRemovals, type Removal } from "./removal-table.ts";

/** Where the files of deleted things are. */
export interface Leftovers {
  executions: string;
  tasks: string;
  /** A log may be open, and somebody may be watching it. */
  removeLog(executionId: string): Promise<void>;
}

/** Removes the folders and logs of deleted tasks. A crash in between costs nothing: what is noted is tried again. @returns how many are gone now */
export async function sweepFiles({ store }: Pick<Deps, "store">, leftovers: Leftovers): Promise<number> {
  const removals = oldestRemovals(store.reader, 100);
  for (const removal of removals) {
    await rm(folderOf(removal, leftovers), { recursive: true, force: true });
    if (removal.kind === "execution") await leftovers.removeLog(removal.id);
    store.transact((db) => forgetRemoval(db, removal));
  }
  await store.durable();
  return removals.length;
}

function folderOf({ kind, id }: Removal, { executions, tasks }: Leftovers): string {
  // Ids are our own letters and digits; anything else would reach outside the folder.
  if (!/^[A-Za-z0-9]+$/.test(id)) throw new Error(`The database holds the id ${JSON.stringify(id)}, which cannot be a folder's name.`);
  return join(kind === "task" ? tasks : executions, id);
}
