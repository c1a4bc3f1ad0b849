import { newestEventSeq } from "#events/event-table.ts";
import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { QueueEntry, QueueReason } from "./queue-entry.ts";

const COLUMNS = `id, task_id AS taskId, workspace_id AS workspaceId, reason, state, ready_at AS readyAt, pinned, priority,
  created_seq AS createdSeq, bumped_seq AS bumpedSeq, created_at AS createdAt, updated_at AS updatedAt`;

function read(row: unknown): QueueEntry {
  const { pinned, ...rest } = row as Omit<QueueEntry, "pinned"> & { pinned: number };
  return { ...rest, pinned: pinned === 1 };
}

/** The task's waiting entry; there is at most one. */
export function waitingEntry(db: Db, taskId: string): QueueEntry | undefined {
  const row = statement(db, `SELECT ${COLUMNS} FROM queue_entries WHERE task_id = ? AND state = 'queued'`).get(taskId);
  return row === undefined ? undefined : read(row);
}

/**
 * The first waiting entries of a workspace that are ready, and the one of the task worked on last, in no promised order:
 * enough for `inPickUpOrder` to find the first ones, however many wait.
 */
export function readyEntries(
  db: Db,
  workspaceId: string,
  query: { lastTaskId: string; order: "lifo" | "fifo"; now: number; limit: number },
): QueueEntry[] {
  const age = query.order === "lifo" ? "bumped_seq DESC" : "created_seq ASC";
  const rows = statement(
    db,
    `SELECT ${COLUMNS} FROM (SELECT * FROM queue_entries WHERE workspace_id = @workspaceId AND state = 'queued' AND ready_at <= @now
       ORDER BY pinned DESC, priority DESC, ${age} LIMIT @limit)
     UNION SELECT ${COLUMNS} FROM queue_entries WHERE task_id = @lastTaskId AND workspace_id = @workspaceId AND state = 'queued' AND ready_at <= @now`,
  ).all({ workspaceId, lastTaskId: query.lastTaskId, now: query.now, limit: query.limit });
  return rows.map(read);
}

export interface NewEntry {
  id: string;
  taskId: string;
  workspaceId: string;
  reason: QueueReason;
  readyAt: number;
  pinned: boolean;
  priority: number;
}

/**
 * Gives the task a reason to be worked on. One that waits already is bumped: the newest event moves it forward in the order,
 * and it becomes ready at the earlier of both times, with the reason of whoever made it so.
 */
export function enqueue(db: Db, entry: NewEntry, now: number): void {
  statement(
    db,
    `INSERT INTO queue_entries (id, task_id, workspace_id, reason, state, ready_at, pinned, priority, created_seq, bumped_seq, created_at, updated_at)
     VALUES (@id, @taskId, @workspaceId, @reason, 'queued', @readyAt, @pinned, @priority, @seq, @seq, @now, @now)
     ON CONFLICT (task_id) WHERE state = 'queued' DO UPDATE SET
       reason = CASE WHEN excluded.ready_at < ready_at THEN excluded.reason ELSE reason END,
       ready_at = min(ready_at, excluded.ready_at), bumped_seq = excluded.bumped_seq,
       updated_at = excluded.updated_at`,
  ).run({ ...entry, pinned: entry.pinned ? 1 : 0, seq: newestEventSeq(db), now });
}

export function leaseEntry(db: Db, id: string, now: number): void {
  statement(db, "UPDATE queue_entries SET state = 'leased', updated_at = ? WHERE id = ?").run(now, id);
}

/** Closes what waits or is leased for a task: its run ended, or a person took the work away. */
export function closeEntries(db: Db, taskId: string, now: number): void {
  statement(db, "UPDATE queue_entries SET state = 'closed', updated_at = ? WHERE task_id = ? AND state <> 'closed'").run(now, taskId);
}

/** Keeps the waiting entry's copies true when the task is pinned or gets another priority. */
export function reorderWaiting(db: Db, taskId: string, pinned: boolean, priority: number): void {
  statement(db, "UPDATE queue_entries SET pinned = ?, priority = ? WHERE task_id = ? AND state = 'queued'").run(
    pinned ? 1 : 0,
    priority,
    taskId,
  );
}

/** What waits in a workspace until a certain time, because of what is over now, need not wait any longer. */
export function hastenEntries(db: Db, workspaceId: string, readyAt: number, now: number): void {
  statement(
    db,
    "UPDATE queue_entries SET ready_at = min(ready_at, @now) WHERE workspace_id = @workspaceId AND state = 'queued' AND ready_at = @readyAt",
  ).run({ workspaceId, readyAt, now });
}

/** Waiting entries that were written, or are to wait until, later than can be: the clock was ahead then. */
export function entriesFromLater(db: Db, writtenAfter: number, readyAfter: number): QueueEntry[] {
  const sql = `SELECT ${COLUMNS} FROM queue_entries WHERE state = 'queued' AND (updated_at > ? OR ready_at > ?)`;
  return statement(db, sql).all(writtenAfter, readyAfter).map(read);
}

export function rebaseEntry(db: Db, id: string, readyAt: number, now: number): void {
  statement(db, "UPDATE queue_entries SET ready_at = ?, updated_at = ?, created_at = min(created_at, ?) WHERE id = ?").run(
    readyAt,
    now,
    now,
    id,
  );
}

/** When the next entry that is not ready yet becomes so; undefined = none. */
export function nextReadyAt(db: Db, now: number): number | undefined {
  return (statement(db, "SELECT ready_at FROM queue_entries WHERE state = 'queued' AND ready_at > ? ORDER BY ready_at LIMIT 1")
    .pluck()
    .get(now) ?? undefined) as number | undefined;
}

/** Entries of the workspace that go before this one by pin, priority and age. */
export function entriesBefore(db: Db, entry: QueueEntry, order: "lifo" | "fifo"): number {
  const age = order === "lifo" ? "bumped_seq > @bumpedSeq" : "created_seq < @createdSeq";
  return Number(
    statement(
      db,
      `SELECT count(*) FROM queue_entries WHERE workspace_id = @workspaceId AND state = 'queued' AND id <> @id AND (pinned > @pinned
         OR (pinned = @pinned AND (priority > @priority OR (priority = @priority AND ${age}))))`,
    )
      .pluck()
      .get({ ...entry, pinned: entry.pinned ? 1 : 0 }),
  );
}
