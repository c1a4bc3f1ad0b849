import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { Activity, ActivityKind } from "./activity.ts";
import type { Actor, ActorKind } from "./comment.ts";

const COLUMNS = `seq, task_id AS taskId, kind, actor_kind AS actorKind, actor_id AS actorId, actor_name AS actorName, detail, created_at AS createdAt`;

type Row = Omit<Activity, "actor" | "detail"> & { actorKind: ActorKind; actorId: string; actorName: string; detail: string };

function read(row: unknown): Activity {
  const { actorKind, actorId, actorName, detail, ...rest } = row as Row;
  return { ...rest, actor: { kind: actorKind, id: actorId, name: actorName }, detail: JSON.parse(detail) as Record<string, string> };
}

/** Writes a line of the task's history, in the transaction of what it tells of. */
export function appendActivity(
  db: Db,
  taskId: string,
  kind: ActivityKind,
  actor: Actor,
  detail: Record<string, string>,
  now: number,
): void {
  statement(
    db,
    "INSERT INTO activities (task_id, kind, actor_kind, actor_id, actor_name, detail, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).run(taskId, kind, actor.kind, actor.id, actor.name, JSON.stringify(detail), now);
}

/** Oldest first. */
export function listActivities(db: Db, taskId: string, afterSeq: number, limit: number): Activity[] {
  return statement(db, `SELECT ${COLUMNS} FROM activities WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ?`)
    .all(taskId, afterSeq, limit)
    .map(read);
}

/** The newest ones, oldest of them first. */
export function newestActivities(db: Db, taskId: string, limit: number): Activity[] {
  return statement(db, `SELECT ${COLUMNS} FROM activities WHERE task_id = ? ORDER BY seq DESC LIMIT ?`)
    .all(taskId, limit)
    .map(read)
    .reverse();
}
