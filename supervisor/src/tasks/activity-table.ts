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

/** How agents are given the newest ones, oldest of them first: a JSON object each. Put together by the database, since every step needs hundreds. */
export function newestActivityLines(db: Db, taskId: string, limit: number): string[] {
  const lines = statement(
    db,
    `SELECT '{"event":"' || kind || '","actor":' || json_quote(actor_name) || ',"created_at":"' ||
       strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') || '"' || iif(detail = '{}', '}', ',' || substr(detail, 2))
     FROM activities WHERE task_id = ? ORDER BY seq DESC LIMIT ?`,
  )
    .pluck()
    .all(taskId, limit) as string[];
  return lines.reverse();
}

export function countActivities(db: Db, taskId: string): number {
  return statement(db, "SELECT count(*) FROM activities WHERE task_id = ?").pluck().get(taskId) as number;
}
