import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openTestStore } from "./open-test-store.ts";
import type { TestDeps } from "./open-test-store.ts";
import { startTrimming } from "./trim-loop.ts";

let deps: TestDeps;
let commits: number;
let stop: () => void;

beforeEach(() => {
  deps = openTestStore();
  deps.store.transact((db) => db.exec("CREATE TABLE lines (time INTEGER)"));
  commits = 0;
  deps.store.onCommit(() => commits++);
  stop = startTrimming({
    store: deps.store,
    now: deps.now,
    interval: 10,
    onError: (error) => {
      throw error;
    },
    trims: [
      {
        keep: 1000,
        remove: (db, before, limit) =>
          db.prepare("DELETE FROM lines WHERE rowid IN (SELECT rowid FROM lines WHERE time < ? LIMIT ?)").run(before, limit).changes,
      },
    ],
  });
});
afterEach(() => {
  stop();
  deps.store.close();
});

const insert = (count: number) =>
  deps.store.transact((db) => {
    for (let i = 0; i < count; i++) db.prepare("INSERT INTO lines VALUES (?)").run(deps.now());
  });
const count = () => deps.store.reader.prepare("SELECT count(*) FROM lines").pluck().get();

test("old rows go, young ones stay, in portions that hold up nobody", async () => {
  insert(2500);
  deps.pass(1001);
  insert(3);
  await vi.waitFor(() => expect(count()).toBe(3));
  expect(commits).toBeGreaterThanOrEqual(4);
});

test("without commits nothing is written, however old the rows become", async () => {
  insert(3);
  await sleep(100);
  const before = commits;
  deps.pass(5000);
  await sleep(100);
  expect(commits).toBe(before);
  expect(count()).toBe(3);
});
