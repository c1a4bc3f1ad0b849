import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import { PRIORITIES, type Priority, type Task, type TaskStatus } from "./task.ts";

// The prefix by a subquery: the same as a join takes SQLite ten times as long here.
const COLUMNS = `t.id, t.workspace_id AS workspaceId, (SELECT prefix FROM workspaces WHERE id = t.workspace_id) AS prefix, t.number, t.summary, t.description, t.kind, t.status, t.priority, t.pinned, t.hold,
  t.attention, t.attention_detail AS attentionDetail, t.resolution, t.stopping, t.said_seq AS saidSeq, t.heard_seq AS heardSeq,
  t.run_count AS runCount, t.pass_number AS passNumber, t.comment_count AS commentCount, t.version, t.created_at AS createdAt,
  t.updated_at AS updatedAt, t.done_at AS doneAt`;
const FROM = "FROM tasks t";

type Row = Omit<Task, "pinned" | "priority"> & { pinned: number; priority: number };

function read(row: unknown): Task {
  const { pinned, priority, ...rest } = row as Row;
  return { ...rest, pinned: pinned === 1, priority: readPriority(priority) };
}

function readPriority(stored: number): Priority {
  const priority = PRIORITIES[stored - 1];
  if (priority === undefined) throw new Error(`The database holds the unknown priority ${stored}.`);
  return priority;
}

const storePriority = (priority: Priority): number => PRIORITIES.indexOf(priority) + 1;

export function findTask(db: Db, id: string): Task | undefined {
  const row = statement(db, `SELECT ${COLUMNS} ${FROM} WHERE t.id = ?`).get(id);
  return row === undefined ? undefined : read(row);
}

/** By its short name, e.g. MAL-42, in any case. */
export function findTaskByKey(db: Db, key: string): Task | undefined {
  const [, prefix, number] = /^([A-Z][A-Z0-9]*)-([1-9][0-9]{0,8})$/.exec(key.toUpperCase()) ?? [];
  if (prefix === undefined || number === undefined) return undefined;
  const row = statement(
    db,
    `SELECT ${COLUMNS} ${FROM} WHERE t.workspace_id = (SELECT id FROM workspaces WHERE prefix = ?) AND t.number = ?`,
  ).get(prefix, Number(number));
  return row === undefined ? undefined : read(row);
}

export interface TaskPage {
  workspaceId?: string;
  /** Empty = every status. */
  statuses: readonly TaskStatus[];
  limit: number;
  /** Last row of the page before. */
  before?: { updatedAt: number; id: string };
}

/** Latest update first. */
export function listTasks(db: Db, { workspaceId, statuses, limit, before }: TaskPage): Task[] {
  const where = [
    workspaceId === undefined ? "" : "t.workspace_id = @workspaceId",
    statuses.length === 0 ? "" : "t.status IN (SELECT value FROM json_each(@statuses))",
    before === undefined ? "" : "(t.updated_at, t.id) < (@updatedAt, @id)",
  ].filter((part) => part !== "");
  const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
  return statement(db, `SELECT ${COLUMNS} ${FROM} ${condition} ORDER BY t.updated_at DESC, t.id DESC LIMIT @limit`)
    .all({ workspaceId, statuses: JSON.stringify(statuses), limit, updatedAt: before?.updatedAt, id: before?.id })
    .map(read);
}

/** The task of a workspace that is in progress; with one slot there is at most one. */
export function tasksInProgress(db: Db, workspaceId: string): Task[] {
  return statement(db, `SELECT ${COLUMNS} ${FROM} WHERE t.workspace_id = ? AND t.status = 'in_progress'`).all(workspaceId).map(read);
}

export function insertTask(db: Db, task: Task): void {
  statement(
    db,
    `INSERT INTO tasks (id, workspace_id, number, summary, description, kind, status, priority, pinned, hold, attention, attention_detail, resolution,
       stopping, said_seq, heard_seq, run_count, pass_number, comment_count, version, created_at, updated_at, done_at)
     VALUES (@id, @workspaceId, @number, @summary, @description, @kind, @status, @priority, @pinned, @hold, @attention, @attentionDetail, @resolution,
       @stopping, @saidSeq, @heardSeq, @runCount, @passNumber, @commentCount, @version, @createdAt, @updatedAt, @doneAt)`,
  ).run(row(task));
}

/** Only `save-task.ts` calls this: a task never changes without its event. */
export function updateTaskRow(db: Db, task: Task): void {
  statement(
    db,
    `UPDATE tasks SET summary = @summary, description = @description, kind = @kind, status = @status, priority = @priority, pinned = @pinned,
       hold = @hold, attention = @attention, attention_detail = @attentionDetail, resolution = @resolution, stopping = @stopping, said_seq = @saidSeq,
       heard_seq = @heardSeq, run_count = @runCount, pass_number = @passNumber, comment_count = @commentCount, version = @version,
       updated_at = @updatedAt, done_at = @doneAt
     WHERE id = @id`,
  ).run(row(task));
}

export function deleteTaskRow(db: Db, id: string): void {
  statement(db, "DELETE FROM tasks WHERE id = ?").run(id);
}

export function pinnedTaskId(db: Db, workspaceId: string): string | undefined {
  return statement(db, "SELECT id FROM tasks WHERE workspace_id = ? AND pinned = 1").pluck().get(workspaceId) as string | undefined;
}

function row(task: Task): Row {
  return { ...task, pinned: task.pinned ? 1 : 0, priority: storePriority(task.priority) };
}
