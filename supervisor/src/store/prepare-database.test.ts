import { execFileSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Problem } from "#errors/problem.ts";
import { openReader, openWriter } from "./open-db.ts";
import { prepareDatabase } from "./prepare-database.ts";

let folder: string;
let file: string;
let migrations: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "malamar-prepare-"));
  file = join(folder, "malamar.sqlite");
  migrations = join(folder, "migrations");
  mkdirSync(migrations);
  addMigration(1, "CREATE TABLE lines (text TEXT);");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const addMigration = (number: number, sql: string) => writeFileSync(join(migrations, `000${number}_step.sql`), sql);
const copies = () => readdirSync(folder).filter((name) => name.includes("before"));

function prepare(check = false) {
  const { writer, ...told } = prepareDatabase(file, migrations, check);
  return { ...told, use: (sql: string) => writer.exec(sql), close: () => writer.close() };
}

test("a new database gets every migration and no copy", () => {
  const prepared = prepare(true);
  expect(prepared).toMatchObject({ applied: [1], copy: undefined });
  prepared.close();
  expect(copies()).toEqual([]);
});

test("before a migration the database is copied, and only the newest copy is kept", () => {
  const first = prepare();
  first.use("INSERT INTO lines VALUES ('kept')");
  first.close();
  addMigration(2, "ALTER TABLE lines ADD COLUMN more TEXT;");
  const second = prepare();
  expect(second).toMatchObject({ applied: [2], copy: `${file}.before-2` });
  second.close();

  const copy = openReader(`${file}.before-2`);
  expect(copy.pragma("user_version", { simple: true })).toBe(1);
  expect(copy.prepare("SELECT text FROM lines").pluck().all()).toEqual(["kept"]);
  copy.close();

  addMigration(3, "DROP TABLE lines;");
  prepare().close();
  expect(copies()).toEqual(["malamar.sqlite.before-3"]);
  expect(prepare()).toMatchObject({ applied: [], copy: undefined });
});

test("a migration that fails changes nothing and leaves the copy", () => {
  prepare().close();
  addMigration(2, "CREATE TABLE other (a); INSERT INTO nowhere VALUES (1);");
  expect(() => prepare()).toThrow("nowhere");
  const db = openReader(file);
  expect(db.pragma("user_version", { simple: true })).toBe(1);
  expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'other'").pluck().get()).toBe(0);
  db.close();
  expect(copies()).toEqual(["malamar.sqlite.before-2"]);
});

function damage(): void {
  const descriptor = openSync(file, "r+");
  for (let page = 3; page < 200; page += 10) writeSync(descriptor, Buffer.alloc(200, 0xff), 0, 200, page * 4096);
  closeSync(descriptor);
}

function fill(): void {
  const first = prepare();
  first.use(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO lines SELECT hex(randomblob(100)) FROM n",
  );
  first.close();
}

/** As a killed supervisor leaves it: with a log of writes that is not in the file yet. */
function leaveLog(): void {
  const writer = openWriter(file);
  const reader = openReader(file);
  reader.pragma("schema_version");
  writer.exec("INSERT INTO lines VALUES ('in the log only')");
  cpSync(`${file}-wal`, `${file}-wal.kept`);
  writer.close();
  reader.close();
  renameSync(`${file}-wal.kept`, `${file}-wal`);
}

test("a damaged database is refused, it and its log of writes are left as they are, and the command that is named brings the copy back", () => {
  fill();
  cpSync(file, `${file}.before-1`);
  writeFileSync(`${file}.before-2`, "newer, and of no use");
  utimesSync(`${file}.before-1`, 1, 1);
  leaveLog();
  damage();
  const before = [readFileSync(file), readFileSync(`${file}-wal`)];
  expect(before[1]?.length).toBeGreaterThan(0);

  const refused = thrownBy(() => prepare(true));
  expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
  expect(refused).toMatchObject({ reason: "database_damaged", nextStep: expect.stringContaining(`${file}.before-1`) as string });

  const command = /^ {2}(cd .*)$/m.exec((refused as Problem).nextStep)?.[1] ?? "";
  execFileSync("sh", ["-ec", command]);
  const restored = prepare(true);
  expect(openReader(file).prepare("SELECT count(*) FROM lines").pluck().get()).toBe(5000);
  restored.close();
  expect(readFileSync(join(folder, "damaged/malamar.sqlite"))).toEqual(before[0]);
});

test("without a good copy that is said", () => {
  fill();
  damage();
  expect(thrownBy(() => prepare(true))).toMatchObject({ nextStep: expect.stringContaining("There is no good copy") as string });
});

test("what is no database at all is refused also without a check", () => {
  writeFileSync(file, "this is no database at all, and long enough to be read as one".repeat(100));
  for (const check of [true, false]) expect(thrownBy(() => prepare(check))).toMatchObject({ reason: "database_damaged" });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
