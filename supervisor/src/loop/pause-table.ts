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
  /** An attempt went through: whoever waited comes back one after the other. null = still paused. */
  recoveredAt: number | null;
}

const COLUMNS = "resource, resource_id AS resourceId, cause, detail, repeats, since, until, recovered_at AS recoveredAt";

export function findPause(db: Db, resource: Pause["resource"], resourceId: string): Pause | undefined {
  return statement(db, `SELECT ${COLUMNS} FROM pauses WHERE resource = ? AND resource_id = ?`).get(resource, resourceId) as
    Pause | undefined;
}

/** Those that are still paused. */
export function listPauses(db: Db): Pause[] {
  return statement(db, `SELECT ${COLUMNS} FROM pauses WHERE recovered_at IS NULL ORDER BY since, resource, resource_id`).all() as Pause[];
}

/** Begins a pause or makes it longer; the first beginning stays. */
export function pauseResource(db: Db, pause: Pick<Pause, "resource" | "resourceId" | "cause" | "detail" | "until">, now: number): void {
  statement(
    db,
    `INSERT INTO pauses (resource, resource_id, cause, detail, repeats, since, until) VALUES (@resource, @resourceId, @cause, @detail, 1, @now, @until)
     ON CONFLICT DO UPDATE SET cause = excluded.cause, detail = excluded.detail, repeats = repeats + 1, until = excluded.until,
       since = CASE WHEN recovered_at IS NULL THEN since ELSE excluded.since END, recovered_at = NULL`,
  ).run({ ...pause, now });
  appendEvent(db, { type: "system_changed", subjectId: pause.resourceId }, now);
}

/** While one attempt goes through a pause that ran out, nobody else does. */
const PROBE_TIME = 60_000;
/** Between two starts after a pause, so that hundreds that waited do not all come back at once. */
const STAGGER = 1_000;
/** After so long without a fault the pause is history. */
const RECOVERY = 30_000;

/** Somebody starts on a resource whose pause has run out: as the one attempt that tries it, or as the next of those who waited. */
export function passPause(db: Db, { resource, resourceId, recoveredAt }: Pause, now: number): void {
  const until = now + (recoveredAt === null ? PROBE_TIME : STAGGER);
  statement(db, "UPDATE pauses SET until = ? WHERE resource = ? AND resource_id = ?").run(until, resource, resourceId);
}

/** The next attempt need not wait any longer. */
export function hastenPause(db: Db, { resource, resourceId }: Pause, now: number): void {
  statement(db, "UPDATE pauses SET until = min(until, ?) WHERE resource = ? AND resource_id = ?").run(now, resource, resourceId);
}

/** The resource works again. */
export function recover(db: Db, resource: Pause["resource"], resourceId: string, now: number): void {
  const pause = findPause(db, resource, resourceId);
  if (pause === undefined) return;
  if (pause.recoveredAt !== null && now - pause.recoveredAt >= RECOVERY) return forgetPause(db, resource, resourceId);
  if (pause.recoveredAt !== null) return;
  statement(db, "UPDATE pauses SET recovered_at = ?, repeats = 0, until = ? WHERE resource = ? AND resource_id = ?").run(
    now,
    now + STAGGER,
    resource,
    resourceId,
  );
  appendEvent(db, { type: "system_changed", subjectId: resourceId }, now);
}

export function forgetPause(db: Db, resource: Pause["resource"], resourceId: string): void {
  statement(db, "DELETE FROM pauses WHERE resource = ? AND resource_id = ?").run(resource, resourceId);
}

/** Pauses that began, or are to last until, later than can be: the clock was ahead when they were written. */
export function pausesFromLater(db: Db, begunAfter: number, endAfter: number): Pause[] {
  const sql = `SELECT ${COLUMNS} FROM pauses WHERE since > @begunAfter OR recovered_at > @begunAfter OR until > @endAfter`;
  return statement(db, sql).all({ begunAfter, endAfter }) as Pause[];
}

/** What was to last until a certain time lasts until another. */
export function movePauses(db: Db, from: number, to: number): void {
  statement(db, "UPDATE pauses SET until = ? WHERE until = ?").run(to, from);
}

export function rebasePause(db: Db, { resource, resourceId }: Pause, until: number, now: number): void {
  statement(
    db,
    `UPDATE pauses SET until = @until, since = min(since, @now), recovered_at = min(recovered_at, @now)
     WHERE resource = @resource AND resource_id = @resourceId`,
  ).run({ resource, resourceId, until, now });
}

/** When the next pause runs out; undefined = none does. */
export function nextPauseEnd(db: Db, now: number): number | undefined {
  return (statement(db, "SELECT min(until) FROM pauses WHERE until > ?").pluck().get(now) ?? undefined) as number | undefined;
}
