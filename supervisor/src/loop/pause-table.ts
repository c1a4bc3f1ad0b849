import { appendEvent } from "#events/event-table.ts";
import type { Outcome } from "#executions/execution.ts";
import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";

/** A resource on which nothing is started for a while. Times in Unix milliseconds. */
export interface Pause {
  resource: "cli" | "workspace";
  /** Name of the CLI or id of the workspace. */
  resourceId: string;
  cause: Outcome;
  detail: string;
  /** Failures in a row that led here. */
  repeats: number;
  since: number;
  /** The next attempt. */
  until: number;
}

const COLUMNS = "resource, resource_id AS resourceId, cause, detail, repeats, since, until";

export function findPause(db: Db, resource: Pause["resource"], resourceId: string): Pause | undefined {
  return statement(db, `SELECT ${COLUMNS} FROM pauses WHERE resource = ? AND resource_id = ?`).get(resource, resourceId) as
    Pause | undefined;
}

export function listPauses(db: Db): Pause[] {
  return statement(db, `SELECT ${COLUMNS} FROM pauses ORDER BY since, resource, resource_id`).all() as Pause[];
}

/** Begins a pause or makes it longer; the first beginning stays. */
export function pauseResource(db: Db, pause: Pick<Pause, "resource" | "resourceId" | "cause" | "detail" | "until">, now: number): void {
  statement(
    db,
    `INSERT INTO pauses (resource, resource_id, cause, detail, repeats, since, until) VALUES (@resource, @resourceId, @cause, @detail, 1, @now, @until)
     ON CONFLICT DO UPDATE SET cause = excluded.cause, detail = excluded.detail, repeats = repeats + 1, until = excluded.until`,
  ).run({ ...pause, now });
  appendEvent(db, { type: "system_changed", subjectId: pause.resourceId }, now);
}

/** One attempt goes through a pause that has run out; everybody else waits for what becomes of it. */
export function probePause(db: Db, pause: Pause, until: number): void {
  statement(db, "UPDATE pauses SET until = ? WHERE resource = ? AND resource_id = ?").run(until, pause.resource, pause.resourceId);
}

/** The resource works again. */
export function endPause(db: Db, resource: Pause["resource"], resourceId: string, now: number): void {
  const { changes } = statement(db, "DELETE FROM pauses WHERE resource = ? AND resource_id = ?").run(resource, resourceId);
  if (changes > 0) appendEvent(db, { type: "system_changed", subjectId: resourceId }, now);
}

/** When the next pause runs out; undefined = none does. */
export function nextPauseEnd(db: Db, now: number): number | undefined {
  return (statement(db, "SELECT min(until) FROM pauses WHERE until > ?").pluck().get(now) ?? undefined) as number | undefined;
}
