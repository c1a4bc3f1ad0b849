import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Problem } from "#errors/problem.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { openWriter } from "./open-db.ts";
import type { Db } from "./open-db.ts";

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
  const writer = openWriter(file);
  try {
    if (check) refuseDamage(writer, file);
    const migrations = readMigrations(migrationsFolder);
    const version = Number(writer.pragma("user_version", { simple: true }));
    const copy = version > 0 && version < migrations.length ? copyDatabase(writer, file, version) : undefined;
    return { writer, applied: migrate(writer, migrations), copy };
  } catch (error) {
    writer.close();
    throw error;
  }
}

function refuseDamage(db: Db, file: string): void {
  const found = quickCheck(db);
  if (found.length === 0) return;
  const copies = copiesOf(file);
  throw new Problem(
    "unavailable",
    "database_damaged",
    `The database ${file} is damaged, so nothing was started and the file was left as it is (${found[0] ?? "no detail"}).`,
    copies.length > 0
      ? `Keep the damaged file for analysis, put the newest copy in its place (${copies.join(", ")}) and start again.`
      : "Keep the damaged file for analysis, put a backup in its place and start again.",
  );
}

/** @returns what is wrong with a database, a line each; it takes about 400 ms for 240 MB */
export function quickCheck(db: Db): string[] {
  try {
    const rows = db.pragma("quick_check(5)") as { quick_check: string }[];
    return rows.map((row) => row.quick_check).filter((line) => line !== "ok");
  } catch (error) {
    // SQLite gives up on some damage before it can describe it.
    if ((error as { code?: string }).code?.match(/^SQLITE_(CORRUPT|NOTADB)/)) return [(error as Error).message];
    throw error;
  }
}

/** Through SQLite: reading the file in any other way would drop the locks that this process has on it. */
function copyDatabase(db: Db, file: string, version: number): string {
  const older = copiesOf(file);
  const copy = `${file}.before-${version + 1}`;
  const unfinished = `${copy}.part`;
  rmSync(unfinished, { force: true });
  db.prepare("VACUUM INTO ?").run(unfinished);
  renameSync(unfinished, copy);
  // One is enough to go back to the version before, and each is as large as everything that is stored.
  for (const path of older) if (path !== copy) rmSync(path, { force: true });
  return copy;
}

function copiesOf(file: string): string[] {
  const prefix = `${basename(file)}.before-`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(file), name));
}
