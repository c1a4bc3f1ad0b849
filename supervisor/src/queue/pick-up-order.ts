import type { QueueEntry } from "./queue-entry.ts";

export interface OrderRule {
  /** The task that was taken up or ended last: finish one before the next. */
  lastTaskId: string;
  order: "lifo" | "fifo";
}

/** Sorts entries as they are taken up: pinned, then priority, then the task worked on last, then newest (or, fifo, longest waiting). */
export function inPickUpOrder(entries: readonly QueueEntry[], { lastTaskId, order }: OrderRule): QueueEntry[] {
  const last = (entry: QueueEntry) => Number(entry.taskId === lastTaskId);
  const age = (a: QueueEntry, b: QueueEntry) => (order === "lifo" ? b.bumpedSeq - a.bumpedSeq : a.createdSeq - b.createdSeq);
  return entries.toSorted(
    (a, b) => Number(b.pinned) - Number(a.pinned) || b.priority - a.priority || last(b) - last(a) || age(a, b) || a.id.localeCompare(b.id),
  );
}
