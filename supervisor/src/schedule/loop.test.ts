import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { liveExecutions } from "#executions/execution-table.ts";
import { play } from "#loop/play.ts";
import { waitingEntry } from "#queue/queue-table.ts";
import { createRegistry } from "#runners/registry.ts";
import { startSchedule } from "./loop.ts";

const SETTINGS = {
  clis: [],
  timeLimits: { timeLimit: 0, silenceWarning: 0, silenceLimit: 0 },
  logCap: 1,
  stopGrace: 1,
  finishGrace: 1,
  maxExecutions: 0,
};

/** A schedule with a runner that takes whatever it is given. */
function scheduled(hasRoom: () => boolean) {
  const house = play(["Worker"]);
  const registry = createRegistry();
  registry.attach({ id: "runner", boot: 1, workspaceIds: [house.workspaceId], send: () => {}, close: () => {} });
  registry.addCredit("runner", "request");
  const fleet = { ensure: () => {}, state: () => "attached" as const };
  const leftovers = { executions: "/nonexistent", tasks: "/nonexistent", removeLog: () => Promise.resolve() };
  const schedule = startSchedule({
    deps: house.deps,
    registry,
    fleet,
    settings: { ...SETTINGS, clis: [{ name: "demo", title: "Demo", kind: "demo", custom: null }] },
    leftovers,
    hasRoom,
    onError(error) {
      throw error;
    },
  });
  return { ...house, schedule, live: () => liveExecutions(house.deps.store.reader).length };
}

test("A3: nothing is started while there is no room on the disk, neither by the schedule nor after a step; with room it goes on", async () => {
  let room = false;
  const { task, workspaceId, schedule, deps, live } = scheduled(() => room);
  task();
  await sleep(50);
  schedule.goOn(workspaceId);
  await sleep(50);
  expect(live()).toBe(0);
  room = true;
  // What tells of the room is a commit, as any other change.
  deps.store.transact((db) => db.exec("UPDATE installation SET epoch = epoch"));
  await vi.waitFor(() => expect(live()).toBe(1));
  schedule.stop();
});

test("A9: when the clock was set back, what was written before waits no longer than it was to wait", async () => {
  const { task, deps, schedule } = scheduled(() => false);
  const { id } = task();
  deps.store.transact((db) => db.prepare("UPDATE queue_entries SET ready_at = ready_at + 60000").run());
  await sleep(50);
  deps.pass(-7_200_000);
  deps.store.transact((db) => db.exec("UPDATE installation SET epoch = epoch"));
  await vi.waitFor(() => expect((waitingEntry(deps.store.reader, id)?.readyAt ?? 0) - deps.now()).toBe(60_000));
  schedule.stop();
});
