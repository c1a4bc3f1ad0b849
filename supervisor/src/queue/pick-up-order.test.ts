import fc from "fast-check";
import { expect, test } from "vitest";
import { inPickUpOrder } from "./pick-up-order.ts";
import type { QueueEntry } from "./queue-entry.ts";

const entry = (id: string, differs: Partial<QueueEntry> = {}): QueueEntry => ({
  id,
  taskId: `task-${id}`,
  workspaceId: "w",
  reason: "created",
  state: "queued",
  readyAt: 0,
  pinned: false,
  priority: 2,
  createdSeq: 0,
  bumpedSeq: 0,
  createdAt: 0,
  updatedAt: 0,
  ...differs,
});
const order = (entries: QueueEntry[], rule: Partial<Parameters<typeof inPickUpOrder>[1]> = {}) =>
  inPickUpOrder(entries, { lastTaskId: "", order: "lifo", ...rule }).map(({ id }) => id);

test("pinned goes before priority, priority before the task worked on last, that before age", () => {
  const entries = [
    entry("old", { bumpedSeq: 1 }),
    entry("new", { bumpedSeq: 9 }),
    entry("last", { bumpedSeq: 0 }),
    entry("critical", { priority: 4 }),
    entry("pinned", { pinned: true, priority: 1 }),
  ];
  expect(order(entries, { lastTaskId: "task-last" })).toEqual(["pinned", "critical", "last", "new", "old"]);
});

test("newest update first, or longest waiting first where the workspace says so", () => {
  const entries = [entry("a", { createdSeq: 1, bumpedSeq: 9 }), entry("b", { createdSeq: 2, bumpedSeq: 2 })];
  expect(order(entries)).toEqual(["a", "b"]);
  expect(order(entries, { order: "fifo" })).toEqual(["a", "b"]);
  expect(order([entry("a", { createdSeq: 3, bumpedSeq: 9 }), entry("b", { createdSeq: 2, bumpedSeq: 2 })], { order: "fifo" })).toEqual([
    "b",
    "a",
  ]);
});

test("the order does not depend on how the entries come", () => {
  const any = fc.record({ pinned: fc.boolean(), priority: fc.integer({ min: 1, max: 4 }), bumpedSeq: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 8 }), fc.constantFrom("lifo", "fifo"), (differs, rule) => {
      const entries = differs.map((each, index) => entry(String(index), each));
      expect(order(entries.toReversed(), { order: rule as "lifo" })).toEqual(order(entries, { order: rule as "lifo" }));
    }),
  );
});
