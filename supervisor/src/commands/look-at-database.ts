import { existsSync } from "node:fs";
import { quickCheck, wayBack } from "#store/check-database.ts";
import { openReader, openWriter } from "#store/open-db.ts";
import type { Db } from "#store/open-db.ts";
import { readMigrations } from "#store/migrate.ts";
import { isDamage } from "#store/storage-failure.ts";
import { critical, note, ok } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The database as it is, read only; a running supervisor is not disturbed. */
export function lookAtDatabase(file: string, migrationsFolder: string): Finding[] {
  if (!existsSync(file)) return [note("there is no database yet; the first start makes one")];
  let db: Db;
  try {
    db = openReader(file);
  } catch (error) {
    if (isDamage(error)) return [damage(file, (error as Error).message)];
    return [critical(`the database cannot be opened: ${(error as Error).message}`, `ls -l '${file}'*`)];
  }
  try {
    return [checkSchema(db, migrationsFolder), checkPages(db, file)];
  } catch (error) {
    return [readFailure(error as Error & { code?: string }, file)];
  } finally {
    db.close();
  }
}

function checkSchema(db: Db, migrationsFolder: string): Finding {
  const version = Number(db.pragma("user_version", { simple: true }));
  const known = readMigrations(migrationsFolder).length;
  if (version > known)
    return critical(`the database has schema ${version}, this program knows up to ${known}`, "start the newer version of Malamar again");
  return version < known
    ? note(`the database has schema ${version}; the next start brings it to ${known} and keeps a copy`)
    : ok(`database: schema ${version}`);
}

function checkPages(db: Db, file: string): Finding {
  const [first] = quickCheck(db);
  return first === undefined ? ok("database: no damage found") : damage(file, first);
}

function damage(file: string, found: string): Finding {
  return critical(`the database is damaged: ${found}`, wayBack(file).replaceAll("\n", "\n        "));
}

/** A supervisor that was killed leaves its log of writes behind, which only the next one may work in. */
function readFailure(error: Error & { code?: string }, file: string): Finding {
  if (error.code?.startsWith("SQLITE_READONLY") || error.code === "SQLITE_CANTOPEN") {
    return note("the database was not closed in the end and cannot be looked at from here; the next start checks it");
  }
  if (isDamage(error)) return damage(file, error.message);
  return critical(`the database cannot be read: ${error.message}`, `ls -l '${file}'*`);
}

/** @returns the version of the SQLite that the program brings, or what is wrong with it */
export function lookAtSqlite(): Finding {
  try {
    const db = openWriter(":memory:");
    const version = String(db.prepare("SELECT sqlite_version()").pluck().get());
    db.close();
    return ok(`SQLite ${version}`);
  } catch (error) {
    return critical(`SQLite cannot be used: ${(error as Error).message}`, "pnpm install");
  }
}
