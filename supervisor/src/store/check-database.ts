import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { Problem } from "#errors/problem.ts";
import { type Db, openReader } from "./open-db.ts";
import { isDamage } from "./storage-failure.ts";

/** @returns what is wrong with a database, a line each; it takes about 400 ms for 240 MB */
export function quickCheck(db: Db): string[] {
  try {
    const rows = db.pragma("quick_check(5)") as { quick_check: string }[];
    return rows.map((row) => row.quick_check).filter((line) => line !== "ok");
  } catch (error) {
    // SQLite gives up on some damage before it can describe it.
    if (isDamage(error)) return [(error as Error).message];
    throw error;
  }
}

/** Looks for damage and changes neither the file nor its log of writes. */
export function refuseDamage(file: string): void {
  const db = new Database(file);
  let reader: Db | undefined;
  try {
    const [found] = quickCheck(db);
    if (found === undefined) return;
    reader = hold(file);
    throw damaged(file, found);
  } finally {
    db.close();
    reader?.close();
  }
}

/** Whoever closes the last connection carries the log of writes into the file, unless it is one that may not write. */
function hold(file: string): Db | undefined {
  let reader: Db | undefined;
  try {
    reader = openReader(file);
    reader.pragma("schema_version");
  } catch {
    // A file that cannot even be recognised has no log that SQLite would use.
  }
  return reader;
}

export function damaged(file: string, detail: string): Problem {
  const message = `The database ${file} is damaged (${detail}), so nothing was started and the file was left as it is.`;
  return new Problem("unavailable", "database_damaged", message, wayBack(file));
}

/** What to do about a damaged database, with the command that puts the newest good copy in its place. */
export function wayBack(file: string): string {
  const copy = copiesOf(file).find(isGood);
  if (copy === undefined) {
    return `There is no good copy of it. Keep the file; what can still be read can be saved by the sqlite3 shell: sqlite3 '${file}' .recover`;
  }
  const folder = dirname(file);
  const name = basename(file);
  const aside = freeName(folder, "damaged");
  return (
    `The newest good copy is of ${new Date(statSync(copy).mtimeMs).toISOString()}: ${copy}\n` +
    "What came after it is in the damaged file only, which this keeps:\n" +
    `  cd '${folder}' && mkdir ${aside} && mv ${name}* ${aside}/ && cp -p ${aside}/${basename(copy)} ${name}\n` +
    "Then start again."
  );
}

/** Copies of the database that were made before a migration, the newest first. */
export function copiesOf(file: string): string[] {
  const prefix = `${basename(file)}.before-`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(file), name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

function isGood(copy: string): boolean {
  try {
    const db = openReader(copy);
    const good = quickCheck(db).length === 0;
    db.close();
    return good;
  } catch {
    return false;
  }
}

function freeName(folder: string, name: string): string {
  for (let count = 1; ; count++) {
    const each = count === 1 ? name : `${name}-${count}`;
    if (!existsSync(join(folder, each))) return each;
  }
}
