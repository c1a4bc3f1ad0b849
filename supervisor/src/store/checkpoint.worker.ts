import { statSync } from "node:fs";
import Database from "better-sqlite3";

export interface CheckpointOrder {
  database: string;
  /** A write-ahead log larger than this is cut back, which holds writers up for a moment. */
  truncateBytes: number;
}

/** Error codes of SQLite travel as data: an error loses them on its way between threads. */
export type CheckpointResult = { done: true } | { done: false; code: string; message: string };

let connection: Database.Database | undefined;

/** Copies committed pages from the write-ahead log into the database, on a thread of its own because of the two waits for the disk. */
export default function checkpoint({ database, truncateBytes }: CheckpointOrder): CheckpointResult {
  try {
    const db = (connection ??= open(database));
    db.pragma("wal_checkpoint(PASSIVE)");
    const logged = statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (logged > truncateBytes) db.pragma("wal_checkpoint(TRUNCATE)");
    return { done: true };
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    return { done: false, code, message };
  }
}

function open(database: string): Database.Database {
  // Cutting the log back keeps writers out while it waits for readers, of which one may be another program that stays.
  const db = new Database(database, { fileMustExist: true, timeout: 100 });
  db.pragma("synchronous = FULL");
  return db;
}
