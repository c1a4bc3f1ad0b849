import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startCheckpoints } from "./checkpoint.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { openReader, openWriter } from "./open-db.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

let folder: string;
let database: string;
let store: Store;
let stop: () => Promise<void>;
const said: unknown[] = [];

beforeEach(() => {
  said.length = 0;
  folder = mkdtempSync(join(tmpdir(), "malamar-checkpoint-"));
  database = join(folder, "malamar.db");
});
afterEach(async () => {
  await stop();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<CheckpointOptions> = {}) {
  const writer = openWriter(database);
  writer.exec("CREATE TABLE installation (epoch INTEGER); INSERT INTO installation VALUES (1); CREATE TABLE lines (text TEXT)");
  store = createStore({ writer, reader: openReader(database), epoch: 1, onFatal: (error) => said.push(error) });
  stop = startCheckpoints({
    store,
    writer,
    database,
    pause: 20,
    threadIdle: 200,
    onFatal: (error) => said.push(error),
    onFallback: (error) => said.push(error),
    ...options,
  });
  return writer;
}

async function write(text: string): Promise<void> {
  store.transact((db) => db.prepare("INSERT INTO lines VALUES (?)").run(text));
  await store.durable();
}

/** Lines in the database file alone, without its write-ahead log. */
function linesInFile(): number {
  const copy = join(folder, "copy.db");
  rmSync(copy, { force: true });
  copyFileSync(database, copy);
  const db = new Database(copy);
  const known = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'lines'").pluck().get();
  const count = known === 1 ? Number(db.prepare("SELECT count(*) FROM lines").pluck().get()) : 0;
  db.close();
  return count;
}

const threads = () => readdirSync("/proc/self/task").length;

test("what is committed reaches the database file soon, and the commits themselves do not carry it there", async () => {
  open({ pause: 1000 });
  for (let i = 0; i < 20; i++) {
    store.transact((db) => {
      for (let line = 0; line < 100; line++) db.prepare("INSERT INTO lines VALUES (?)").run("x".repeat(4000));
    });
    await store.durable();
  }
  expect(linesInFile()).toBe(0);
  await vi.waitFor(() => expect(linesInFile()).toBe(2000), { timeout: 5000, interval: 100 });
  expect(said).toEqual([]);
});

test("without commits there is no thread, and after the last one the thread ends", async () => {
  open();
  await sleep(100);
  const before = threads();
  await write("one");
  await vi.waitFor(() => expect(threads()).toBeGreaterThan(before));
  await vi.waitFor(() => expect(linesInFile()).toBe(1));
  await vi.waitFor(() => expect(threads()).toBe(before), { timeout: 5000 });
  await write("two");
  await vi.waitFor(() => expect(linesInFile()).toBe(2));
});

test("commits during a checkpoint get one of their own", async () => {
  open();
  for (let i = 0; i < 200; i++) {
    await write("x".repeat(10_000));
    await sleep(1);
  }
  await vi.waitFor(() => expect(linesInFile()).toBe(200), { timeout: 5000 });
});

test("a large write-ahead log is cut back", async () => {
  open({ truncateBytes: 200_000, pause: 200 });
  for (let i = 0; i < 100; i++) await write("x".repeat(10_000));
  expect(statSync(`${database}-wal`).size).toBeGreaterThan(200_000);
  await vi.waitFor(() => expect(statSync(`${database}-wal`).size).toBe(0), { timeout: 5000 });
});

test("without a thread SQLite does its own checkpoints again", async () => {
  const writer = open({ database: join(folder, "gone/malamar.db") });
  expect(writer.pragma("wal_autocheckpoint", { simple: true })).toBe(0);
  await write("one");
  await vi.waitFor(() => expect(said).toHaveLength(1));
  expect(writer.pragma("wal_autocheckpoint", { simple: true })).toBe(1000);
  for (let i = 0; i < 400; i++) await write("x".repeat(10_000));
  expect(linesInFile()).toBeGreaterThan(100);
});
