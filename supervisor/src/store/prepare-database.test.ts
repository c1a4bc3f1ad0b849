import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openReader } from "./open-db.ts";
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

test("a damaged database is refused when it is checked, and left as it is", () => {
  const first = prepare();
  first.use(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO lines SELECT hex(randomblob(100)) FROM n",
  );
  first.close();
  cpSync(file, `${file}.before-1`);
  const descriptor = openSync(file, "r+");
  for (let page = 3; page < 200; page += 10) writeSync(descriptor, Buffer.alloc(200, 0xff), 0, 200, page * 4096);
  closeSync(descriptor);

  expect(() => prepare(true)).toThrow(
    expect.objectContaining({ reason: "database_damaged", nextStep: expect.stringContaining("before-1") as string }),
  );
  writeFileSync(file, "this is no database at all, and long enough to be read as one".repeat(100));
  expect(() => prepare(true)).toThrow("not a database");
});
