import { knownWord } from "#store/known-word.ts";
import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import { DIRECTORY_MODES, QUEUE_ORDERS, type TaskCounts, type TimeLimits, type Workspace } from "./workspace.ts";

const COLUMNS = `id, title, description, prefix, directory_mode AS directoryMode, directory_path AS directoryPath, queue_order AS queueOrder,
  breaker_limit AS breakerLimit, paused, time_limit AS timeLimit, silence_warning AS silenceWarning, silence_limit AS silenceLimit, deleting,
  coalesce(last_task_id, '') AS lastTaskId, todo_count AS todo, in_progress_count AS in_progress, in_review_count AS in_review,
  done_count AS done, version, created_at AS createdAt, updated_at AS updatedAt, last_activity_at AS lastActivityAt`;

type Row = Omit<Workspace, "paused" | "deleting" | "limits" | "counts"> & { paused: number; deleting: number } & TimeLimits & TaskCounts;

function read(row: unknown): Workspace {
  const { timeLimit, silenceWarning, silenceLimit, todo, in_progress, in_review, done, ...rest } = row as Row;
  return {
    ...rest,
    directoryMode: knownWord(DIRECTORY_MODES, rest.directoryMode, "workspaces.directory_mode"),
    queueOrder: knownWord(QUEUE_ORDERS, rest.queueOrder, "workspaces.queue_order"),
    paused: rest.paused === 1,
    deleting: rest.deleting === 1,
    limits: { timeLimit, silenceWarning, silenceLimit },
    counts: { todo, in_progress, in_review, done },
  };
}

export function findWorkspace(db: Db, id: string): Workspace | undefined {
  const row = statement(db, `SELECT ${COLUMNS} FROM workspaces WHERE id = ?`).get(id);
  return row === undefined ? undefined : read(row);
}

export interface WorkspacePage {
  limit: number;
  /** Last row of the page before. */
  before?: { lastActivityAt: number; id: string };
}

/** Most recently active first. */
export function listWorkspaces(db: Db, { limit, before }: WorkspacePage): Workspace[] {
  const condition =
    before === undefined ? "" : "WHERE last_activity_at <= @lastActivityAt AND (last_activity_at < @lastActivityAt OR id > @id)";
  return statement(db, `SELECT ${COLUMNS} FROM workspaces ${condition} ORDER BY last_activity_at DESC, id LIMIT @limit`)
    .all({ limit, lastActivityAt: before?.lastActivityAt, id: before?.id })
    .map(read);
}

/** Whether another workspace than this one has the prefix. */
export function prefixTaken(db: Db, prefix: string, exceptId: string): boolean {
  return statement(db, "SELECT 1 FROM workspaces WHERE prefix = ? AND id <> ?").get(prefix, exceptId) !== undefined;
}

export function insertWorkspace(db: Db, workspace: Workspace): void {
  statement(
    db,
    `INSERT INTO workspaces (id, title, description, prefix, directory_mode, directory_path, queue_order, breaker_limit, paused,
       time_limit, silence_warning, silence_limit, version, created_at, updated_at, last_activity_at)
     VALUES (@id, @title, @description, @prefix, @directoryMode, @directoryPath, @queueOrder, @breakerLimit, @paused,
       @timeLimit, @silenceWarning, @silenceLimit, @version, @createdAt, @updatedAt, @lastActivityAt)`,
  ).run(bind(workspace));
}

/** Stores what a person set. Counters, numbers and the mark of deletion have their own statements below and stay as they are. */
export function saveWorkspace(db: Db, workspace: Workspace): void {
  statement(
    db,
    `UPDATE workspaces SET title = @title, description = @description, prefix = @prefix, directory_mode = @directoryMode,
       directory_path = @directoryPath, queue_order = @queueOrder, breaker_limit = @breakerLimit, paused = @paused, time_limit = @timeLimit,
       silence_warning = @silenceWarning, silence_limit = @silenceLimit, version = @version, updated_at = @updatedAt,
       last_activity_at = @lastActivityAt
     WHERE id = @id`,
  ).run(bind(workspace));
}

function bind(workspace: Workspace): object {
  return { ...workspace, ...workspace.limits, limits: null, counts: null, deleting: null, paused: workspace.paused ? 1 : 0 };
}

const COUNTERS = {
  todo: "todo_count",
  in_progress: "in_progress_count",
  in_review: "in_review_count",
  done: "done_count",
} satisfies Record<keyof TaskCounts, string>;

/** A task went from one status to another; null = it came or is gone. */
export function moveCount(db: Db, workspaceId: string, from: keyof TaskCounts | null, to: keyof TaskCounts | null): void {
  if (from === to) return;
  for (const [status, step] of [[from, -1] as const, [to, 1] as const]) {
    if (status === null) continue;
    const column = COUNTERS[status];
    statement(db, `UPDATE workspaces SET ${column} = ${column} + ? WHERE id = ?`).run(step, workspaceId);
  }
}

/** Takes the next task number; a number is never given twice, also when its task is deleted. */
export function nextTaskNumber(db: Db, workspaceId: string): number {
  return takeNumber(
    db,
    "UPDATE workspaces SET next_task_number = next_task_number + 1 WHERE id = ? RETURNING next_task_number - 1",
    workspaceId,
  );
}

/** Takes the next fencing number of the workspace's lane, 1 first. */
export function nextFence(db: Db, workspaceId: string): number {
  return takeNumber(db, "UPDATE workspaces SET fence = fence + 1 WHERE id = ? RETURNING fence", workspaceId);
}

function takeNumber(db: Db, sql: string, workspaceId: string): number {
  const number = statement(db, sql).pluck().get(workspaceId);
  if (typeof number !== "number") throw new Error(`Workspace ${workspaceId} has no row to take a number from.`);
  return number;
}

/** Remembers the task whose work was taken up or ended last; "" = none. */
export function setLastTask(db: Db, workspaceId: string, taskId: string): void {
  statement(db, "UPDATE workspaces SET last_task_id = nullif(?, '') WHERE id = ?").run(taskId, workspaceId);
}

/** Something happened in the workspace. Its settings did not change, so its version stays. */
export function touchWorkspace(db: Db, workspaceId: string, now: number): void {
  statement(db, "UPDATE workspaces SET last_activity_at = max(last_activity_at, ?) WHERE id = ?").run(now, workspaceId);
}

/** From here on nothing new is accepted in the workspace; it is removed when its processes are proven dead. */
export function markDeleting(db: Db, workspaceId: string, now: number): void {
  statement(db, "UPDATE workspaces SET deleting = 1, version = version + 1, updated_at = ? WHERE id = ?").run(now, workspaceId);
}

/** Removes the workspace with everything in it. */
export function removeWorkspace(db: Db, workspaceId: string): void {
  statement(db, "DELETE FROM workspaces WHERE id = ?").run(workspaceId);
}
