import Database from "better-sqlite3";
import { fileURLToPath } from "node:url";
import { migrate, readMigrations } from "./migrate.ts";
import { type Db, openWriter } from "./open-db.ts";

let template: Buffer | undefined;

/** A migrated database in memory, for simulations: copied from the first one, since thousands are needed. */
export function openMemory(): Db {
  if (template === undefined) {
    const first = openWriter(":memory:");
    migrate(first, readMigrations(fileURLToPath(new URL("../../migrations", import.meta.url))));
    template = first.serialize();
    first.close();
  }
  const db = new Database(template);
  db.pragma("foreign_keys = ON");
  return db;
}
