import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Deps } from "#store/deps.ts";
import { forgetRemoval, oldestRemovals, type Removal } from "./removal-table.ts";

export interface Folders {
  executions: string;
  tasks: string;
  logs: string;
}

/** Removes the folders and logs of deleted tasks. A crash in between costs nothing: what is noted is tried again. @returns how many are gone now */
export async function sweepFiles({ store }: Pick<Deps, "store">, folders: Folders): Promise<number> {
  const removals = oldestRemovals(store.reader, 100);
  for (const removal of removals) {
    for (const path of pathsOf(removal, folders)) await rm(path, { recursive: true, force: true });
    store.transact((db) => forgetRemoval(db, removal));
  }
  await store.durable();
  return removals.length;
}

function pathsOf({ kind, id }: Removal, folders: Folders): string[] {
  // Ids are our own letters and digits; anything else would reach outside the folder.
  if (!/^[A-Za-z0-9]+$/.test(id)) throw new Error(`The database holds the id ${JSON.stringify(id)}, which cannot be a folder's name.`);
  return kind === "task" ? [join(folders.tasks, id)] : [join(folders.executions, id), join(folders.logs, `${id}.log`)];
}
