import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { copiesOf, damaged, refuseDamage } from "./check-database.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { openWriter } from "./open-db.ts";
import type { Db } from "./open-db.ts";
import { isDamage } from "./storage-failure.ts";

export interface PreparedDatabase {
  writer: Db;
  /** Numbers of the migrations that were applied. */
  applied: number[];
  /** Copy of the database as it was before them. */
  copy: string | undefined;
}

/**
 * Opens the database for writing and brings its schema up to date.
 * @param check look for damage first, which takes a moment with a large database: after an end that was not clean
 */
export function prepareDatabase(file: string, migrationsFolder: string, check: boolean): PreparedDatabase {
  // SQLite would make it readable by others, and gives its other files the mode of this one.
  if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
  else if (check) refuseDamage(file);
  const writer = openOrRefuse(file);
  try {
    const migrations = readMigrations(migrationsFolder);
    const version = Number(writer.pragma("user_version", { simple: true }));
    const copy = version > 0 && version < migrations.length ? copyDatabase(writer, file, version) : undefined;
    return { writer, applied: migrate(writer, migrations), copy };
  } catch (error) {
    writer.close();
    throw orDamage(file, error);
  }
}

function openOrRefuse(file: string): Db {
  try {
    return openWriter(file);
  } catch (error) {
    throw orDamage(file, error);
  }
}

const orDamage = (file: string, error: unknown): unknown => (isDamage(error) ? damaged(file, (error as Error).message) : error);

/** Through SQLite: reading the file in any other way would drop the locks that this process has on it. */
function copyDatabase(db: Db, file: string, version: number): string {
  const older = copiesOf(file);
  const copy = `${file}.before-${version + 1}`;
  const unfinished = `${copy}.part`;
  rmSync(unfinished, { force: true });
  db.prepare("VACUUM INTO ?").run(unfinished);
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, copy);
  // One is enough to go back to the version before, and each is as large as everything that is stored.
  for (const path of older) if (path !== copy) rmSync(path, { force: true });
  return copy;
}
