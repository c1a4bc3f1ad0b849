import { expect, test } from "vitest";
import { waitingEntry } from "#queue/queue-table.ts";
import { createTask } from "#tasks/create-task.ts";
import { heedClock } from "./heed-clock.ts";
import { findPause, pauseResource } from "./pause-table.ts";
import { play } from "./play.ts";
import { LONGEST_WAIT } from "./retry-policy.ts";

const HOUR = 3_600_000;
const YEARS = 10 * 365 * 24 * HOUR;

/** A task that waits for its retry and a CLI that is paused, as written by a clock that is ahead by so much. */
function waiting(ahead: number, wait: number) {
  const { deps, workspaceId } = play();
  const { store } = deps;
  const now = deps.now() + ahead;
  const ahead_ = { ...deps, now: () => now };
  const { id } = createTask(ahead_, { workspaceId, summary: "waits", description: "", kind: "work", priority: "normal", hold: "none" });
  store.transact((db) => {
    db.prepare("UPDATE queue_entries SET ready_at = ? WHERE task_id = ?").run(now + wait, id);
    pauseResource(db, { resource: "cli", resourceId: "demo", cause: "usage_limit", detail: "", until: now + wait }, now);
  });
  return {
    deps,
    wait: () => (waitingEntry(store.reader, id)?.readyAt ?? 0) - deps.now(),
    pause: () => (findPause(store.reader, "cli", "demo")?.until ?? 0) - deps.now(),
  };
}

test.each([2 * HOUR, YEARS])("what was written %d ms ahead of the clock waits as long as it was to wait, from now on", (ahead) => {
  const { deps, wait, pause } = waiting(ahead, 60_000);
  heedClock(deps);
  expect([wait(), pause()]).toEqual([60_000, 60_000]);
  deps.pass(60_000);
  heedClock(deps);
  expect(wait()).toBe(0);
});

test("an honest wait, however long, stays as it is", () => {
  const { deps, wait, pause } = waiting(0, 7 * 24 * HOUR);
  heedClock(deps);
  expect([wait(), pause()]).toEqual([7 * 24 * HOUR, 7 * 24 * HOUR]);
});

test("nothing waits longer than anything honest could", () => {
  const { deps, wait, pause } = waiting(0, LONGEST_WAIT + 1);
  heedClock(deps);
  expect([wait(), pause()]).toEqual([0, 0]);
});

test("a pause that began before the clock was ahead is moved with the task that waits for it", () => {
  const { deps, wait, pause } = waiting(YEARS, 60_000);
  deps.store.transact((db) => db.prepare("UPDATE pauses SET since = ?").run(deps.now() - HOUR));
  heedClock(deps);
  expect([wait(), pause()]).toEqual([60_000, 60_000]);
});

test("nothing is written when there is nothing to put right", async () => {
  const { deps } = waiting(0, 1000);
  await deps.store.durable();
  let commits = 0;
  deps.store.onCommit(() => commits++);
  heedClock(deps);
  await deps.store.durable();
  expect(commits).toBe(0);
});
