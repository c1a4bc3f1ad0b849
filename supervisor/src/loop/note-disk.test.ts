import { expect, test } from "vitest";
import { eventsAfter } from "#events/event-table.ts";
import { waitingEntry } from "#queue/queue-table.ts";
import { noteDisk } from "./note-disk.ts";
import { play } from "./play.ts";

test("A3: what stopped for want of room goes on at once when there is some, and nobody is blamed", () => {
  const house = play(["Worker"], { breakerLimit: 1 });
  const { id } = house.task();
  house.end(house.start(), { cause: "disk_full", error: "The log could not be written." });
  expect(house.read(id)).toMatchObject({ status: "in_progress", attention: "none" });
  expect(house.start()).toBeUndefined();
  noteDisk(house.deps, "low");
  expect(house.start()).toBeUndefined();
  noteDisk(house.deps, "ok");
  expect(house.start()).toMatchObject({ taskId: id, agentName: "Worker" });
});

test("what fills the disk again and again waits longer each time, however often there is room", () => {
  const house = play(["Worker"]);
  const { id } = house.task();
  const waits = [1, 2, 3].map(() => {
    house.end(house.start(), { cause: "disk_full" });
    noteDisk(house.deps, "ok");
    const wait = (waitingEntry(house.deps.store.reader, id)?.readyAt ?? 0) - house.deps.now();
    house.deps.pass(wait);
    return wait;
  });
  expect(waits).toEqual([0, 120_000, 240_000]);
});

test("each change of the level is an event", () => {
  const { deps } = play();
  const before = eventsAfter(deps.store.reader, 0, 1000).length;
  noteDisk(deps, "full");
  expect(eventsAfter(deps.store.reader, 0, 1000).slice(before)).toMatchObject([{ type: "system_changed", subjectId: "disk" }]);
});
