import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { Runner } from "./runner.ts";

const COLUMNS = `id, boot, token_sha256 AS tokenSha256, workspace_ids AS workspaceIds, pid, pid_start_ticks AS pidStartTicks,
  started_at AS startedAt, ended_at AS endedAt`;

function read(row: unknown): Runner {
  const { workspaceIds, ...rest } = row as Omit<Runner, "workspaceIds"> & { workspaceIds: string };
  return { ...rest, workspaceIds: JSON.parse(workspaceIds) as string[] };
}

export function findRunner(db: Db, id: string): Runner | undefined {
  const row = statement(db, `SELECT ${COLUMNS} FROM runners WHERE id = ?`).get(id);
  return row === undefined ? undefined : read(row);
}

/** Runners that have not been proven gone, oldest first. */
export function livingRunners(db: Db): Runner[] {
  return statement(db, `SELECT ${COLUMNS} FROM runners WHERE ended_at IS NULL ORDER BY started_at, id`).all().map(read);
}

export function insertRunner(db: Db, runner: Runner): void {
  statement(
    db,
    `INSERT INTO runners (id, boot, token_sha256, workspace_ids, pid, pid_start_ticks, started_at, ended_at)
     VALUES (@id, @boot, @tokenSha256, @workspaceIds, @pid, @pidStartTicks, @startedAt, @endedAt)`,
  ).run(row(runner));
}

/** The identity and the start stay as they were registered. */
export function saveRunner(db: Db, runner: Runner): void {
  statement(
    db,
    `UPDATE runners SET boot = @boot, workspace_ids = @workspaceIds, pid = @pid, pid_start_ticks = @pidStartTicks, ended_at = @endedAt
     WHERE id = @id`,
  ).run(row(runner));
}

/** Removes runners that ended before a time. Their executions keep the id. @returns how many */
export function trimRunners(db: Db, before: number): number {
  return statement(db, "DELETE FROM runners WHERE ended_at < ?").run(before).changes;
}

function row(runner: Runner): object {
  return { ...runner, workspaceIds: JSON.stringify(runner.workspaceIds) };
}
