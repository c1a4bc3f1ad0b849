import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { Event, EventType } from "./event.ts";

export interface NewEvent {
  type: EventType;
  workspaceId?: string;
  taskId?: string;
  subjectId?: string;
}

/** Appends an event in the transaction of the change it tells of. @returns its sequence number */
export function appendEvent(db: Db, event: NewEvent, now: number): number {
  const done = statement(db, "INSERT INTO events (type, workspace_id, task_id, subject_id, created_at) VALUES (?, ?, ?, ?, ?)").run(
    event.type,
    event.workspaceId ?? "",
    event.taskId ?? "",
    event.subjectId ?? "",
    now,
  );
  return Number(done.lastInsertRowid);
}

/** Sequence of the newest event ever written, also when retention removed it; 0 = none. */
export function newestEventSeq(db: Db): number {
  return Number(statement(db, "SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck().get() ?? 0);
}

/** Oldest event still kept; 0 = none. A cursor before it has lost something. */
export function oldestEventSeq(db: Db): number {
  return Number(statement(db, "SELECT seq FROM events ORDER BY seq LIMIT 1").pluck().get() ?? 0);
}

export function eventsAfter(db: Db, seq: number, limit: number): Event[] {
  const rows = statement(
    db,
    `SELECT seq, type, workspace_id AS workspaceId, task_id AS taskId, subject_id AS subjectId, created_at AS createdAt
     FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
  ).all(seq, limit);
  return rows as Event[];
}

/** Removes events older than a time, the oldest first. @returns how many */
export function trimEvents(db: Db, before: number, limit: number): number {
  const oldest = "SELECT seq FROM events WHERE created_at < ? ORDER BY created_at LIMIT ?";
  return statement(db, `DELETE FROM events WHERE seq IN (${oldest})`).run(before, limit).changes;
}
