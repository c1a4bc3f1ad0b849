import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Db } from "./open-db.ts";

interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** Reads `0001_name.sql …` from a folder; refuses gaps and doubles, since the number is the schema's version. */
export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  return names.map((name, index) => {
    const number = Number.parseInt(name, 10);
    if (number !== index + 1) throw new Error(`Migration ${name} should have number ${index + 1}; migrations are numbered without gaps.`);
    return { number, name, sql: readFileSync(join(folder, name), "utf8") };
  });
}

/**
 * Brings the schema up to date: all pending migrations in one transaction, or none.
 * A database that is newer than this program is refused and left as it is.
 * @returns the numbers that were applied
 */
export function migrate(db: Db, migrations: readonly Migration[]): number[] {
  // IMMEDIATE, then read the version again: a second program that waited for the lock must not apply them twice.
  return db
    .transaction(() => {
      const version = Number(db.pragma("user_version", { simple: true }));
      if (version > migrations.length) {
        throw new Error(
          `The database has schema ${version}, this program knows up to ${migrations.length}. ` +
            "Nothing was changed. Start the newer version of Malamar again, or restore a backup made before the upgrade.",
        );
      }
      const pending = migrations.slice(version);
      for (const migration of pending) db.exec(migration.sql);
      if (pending.length > 0) db.pragma(`user_version = ${migrations.length}`);
      return pending.map((migration) => migration.number);
    })
    .immediate();
}
