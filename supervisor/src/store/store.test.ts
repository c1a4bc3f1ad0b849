import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { lockInstance } from "./instance-lock.ts";
import { migrate } from "./migrate.ts";
import { openReader, openWriter } from "./open-db.ts";
import { createStore, type Store, takeEpoch } from "./store.ts";

const SCHEMA = {
  number: 1,
  name: "0001_test.sql",
  sql: "CREATE TABLE installation (one INTEGER PRIMARY KEY, id TEXT, epoch INTEGER, created_at INTEGER); CREATE TABLE words (word TEXT UNIQUE)",
};
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

interface Opened {
  store: Store;
  file: string;
  fatal: unknown[];
  full: () => number;
  words: () => unknown[];
  /** From now on the statement fails with the code, as it would on a bad disk. */
  breakAt: (sql: string, code: string) => void;
}

function open(): Opened {
  const folder = mkdtempSync(join(tmpdir(), "malamar-store-"));
  folders.push(folder);
  const file = join(folder, "malamar.sqlite");
  const writer = openWriter(file);
  migrate(writer, [SCHEMA]);
  const { epoch } = takeEpoch(writer, 1, "here");
  const reader = openReader(file);
  const fatal: unknown[] = [];
  let full = 0;
  let broken = { sql: "", code: "" };
  const exec = writer.exec.bind(writer);
  writer.exec = (sql) => {
    if (sql === broken.sql) throw Object.assign(new Error(broken.code), { code: broken.code });
    return exec(sql);
  };
  const store = createStore({ writer, reader, epoch, onFatal: (error) => fatal.push(error), onFull: () => full++ });
  const breakAt = (sql: string, code: string) => void (broken = { sql, code });
  return {
    store,
    file,
    fatal,
    full: () => full,
    breakAt,
    words: () => reader.prepare("SELECT word FROM words ORDER BY word").pluck().all(),
  };
}

const add = (store: Store, word: string) => store.transact((db) => db.prepare("INSERT INTO words VALUES (?)").run(word));

test("verbs of one turn share a commit, and nobody reads them before it is durable", async () => {
  const { store, words } = open();
  let commits = 0;
  store.onCommit(() => commits++);
  add(store, "a");
  add(store, "b");
  expect(words()).toEqual([]);
  await store.durable();
  expect(words()).toEqual(["a", "b"]);
  expect(commits).toBe(1);
  store.close();
});

test("a verb that changes nothing wakes nobody", async () => {
  const { store, words } = open();
  let commits = 0;
  store.onCommit(() => commits++);
  store.transact((db) => db.prepare("SELECT 1").get());
  await store.durable();
  expect(commits).toBe(0);
  add(store, "a");
  await store.durable();
  expect([commits, words()]).toEqual([1, ["a"]]);
  store.close();
});

test("a patient verb waits for company, and goes at once when somebody waits for it", async () => {
  const { store, words } = open();
  store.transact((db) => db.prepare("INSERT INTO words VALUES ('patient')").run(), 60_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(words()).toEqual([]);
  add(store, "in a hurry");
  await new Promise((resolve) => setImmediate(resolve));
  expect(words()).toEqual(["in a hurry", "patient"]);
  store.transact((db) => db.prepare("INSERT INTO words VALUES ('waited for')").run(), 60_000);
  await store.durable();
  expect(words()).toContain("waited for");
  store.close();
});

test("a verb that throws undoes itself and nothing else", async () => {
  const { store, words } = open();
  add(store, "kept");
  expect(() =>
    store.transact((db) => {
      db.prepare("INSERT INTO words VALUES ('undone')").run();
      throw new Error("no");
    }),
  ).toThrow("no");
  add(store, "also kept");
  await store.durable();
  expect(words()).toEqual(["also kept", "kept"]);
  store.close();
});

test("a verb inside a verb is undone with it", async () => {
  const { store, words } = open();
  expect(() =>
    store.transact(() => {
      add(store, "inner");
      throw new Error("outer");
    }),
  ).toThrow("outer");
  await store.durable();
  expect(words()).toEqual([]);
  store.close();
});

test("closing commits what is under way", () => {
  const { store, file } = open();
  add(store, "last");
  store.close();
  const reader = openReader(file);
  expect(reader.prepare("SELECT word FROM words").pluck().all()).toEqual(["last"]);
  reader.close();
});

test("a second supervisor that took the epoch stops the first one's writes", () => {
  const { store, file, fatal } = open();
  const second = openWriter(file);
  expect(takeEpoch(second, 2, "ignored")).toMatchObject({ epoch: 2, installationId: "here", fresh: false });
  expect(() => add(store, "lost")).toThrow("took over");
  expect(fatal).toHaveLength(1);
  expect(() => add(store, "still lost")).toThrow("took over");
  second.close();
});

test("A8: one supervisor per data directory, and the lock is free again at once", () => {
  const { file } = open();
  const free = lockInstance(`${file}.lock`);
  expect(() => lockInstance(`${file}.lock`)).toThrow("Another Malamar supervisor");
  free();
  lockInstance(`${file}.lock`)();
});

test("all pending migrations apply or none, and a newer database is refused", () => {
  const { file } = open();
  const db = openWriter(file);
  const second = { number: 2, name: "0002_more.sql", sql: "CREATE TABLE more (id TEXT)" };
  const broken = { number: 3, name: "0003_broken.sql", sql: "CREATE TABLE more (id TEXT)" };
  expect(() => migrate(db, [SCHEMA, second, broken])).toThrow("already exists");
  expect(db.pragma("user_version", { simple: true })).toBe(1);
  expect(migrate(db, [SCHEMA, second])).toEqual([2]);
  expect(migrate(db, [SCHEMA, second])).toEqual([]);
  expect(() => migrate(db, [SCHEMA])).toThrow("The database has schema 2, this program knows up to 1");
  db.close();
});

test("A6: while another program holds the lock a verb fails with words, soon, reading goes on, and afterwards everything works", async () => {
  const { store, file, words, fatal } = open();
  const other = openWriter(file);
  other.exec("BEGIN IMMEDIATE");
  const since = performance.now();
  expect(() => add(store, "a")).toThrow(expect.objectContaining({ kind: "busy", reason: "database_locked" }));
  expect(words()).toEqual([]);
  const first = performance.now() - since;
  for (let i = 0; i < 20; i++) expect(() => add(store, "a")).toThrow("Another program holds the lock");
  // Only the first one waits; nobody can do anything else meanwhile.
  expect(first).toBeLessThan(1000);
  expect(performance.now() - since - first).toBeLessThan(200);
  other.exec("ROLLBACK");
  add(store, "b");
  await store.durable();
  expect([words(), fatal]).toEqual([["b"], []]);
  other.close();
  store.close();
});

test("A5: an error of the disk inside a verb, at its begin or at its commit is fatal, and nothing more is written", async () => {
  for (const at of ["BEGIN IMMEDIATE", "INSERT INTO words VALUES ('b')", "COMMIT"]) {
    const { store, fatal, words, breakAt } = open();
    add(store, "a");
    await store.durable();
    breakAt(at, "SQLITE_IOERR_FSYNC");
    const tried = (async () => {
      store.transact((db) => db.exec("INSERT INTO words VALUES ('b')"));
      await store.durable();
    })();
    await expect(tried).rejects.toThrow("SQLITE_IOERR_FSYNC");
    expect(fatal).toHaveLength(1);
    breakAt("", "");
    expect(() => add(store, "c")).toThrow("SQLITE_IOERR_FSYNC");
    expect(words()).toEqual(["a"]);
    store.close();
  }
});

test("A3: a full disk is a problem that passes, and is told to whoever can make room", async () => {
  const { store, fatal, full, words, breakAt } = open();
  breakAt("COMMIT", "SQLITE_FULL");
  add(store, "a");
  await expect(store.durable()).rejects.toMatchObject({ kind: "exhausted", reason: "storage_full" });
  breakAt("", "");
  add(store, "b");
  await store.durable();
  expect([words(), full(), fatal]).toEqual([["b"], 1, []]);
  store.close();
});

test("every connection syncs each commit to disk", () => {
  const { file } = open();
  const db = openWriter(file);
  expect(db.pragma("synchronous", { simple: true })).toBe(2);
  db.close();
});
