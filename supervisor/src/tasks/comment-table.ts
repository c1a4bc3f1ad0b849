import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { ActorKind, Comment } from "./comment.ts";

const COLUMNS = `seq, id, task_id AS taskId, author_kind AS authorKind, author_id AS authorId, author_name AS authorName, content,
  execution_id AS executionId, ordinal, repeats, created_at AS createdAt, updated_at AS updatedAt`;

type Row = Omit<Comment, "author"> & { authorKind: ActorKind; authorId: string; authorName: string };

function read(row: unknown): Comment {
  const { authorKind, authorId, authorName, ...rest } = row as Row;
  return { ...rest, author: { kind: authorKind, id: authorId, name: authorName } };
}

export function findComment(db: Db, id: string): Comment | undefined {
  const row = statement(db, `SELECT ${COLUMNS} FROM comments WHERE id = ?`).get(id);
  return row === undefined ? undefined : read(row);
}

/** Oldest first. */
export function listComments(db: Db, taskId: string, afterSeq: number, limit: number): Comment[] {
  return statement(db, `SELECT ${COLUMNS} FROM comments WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ?`)
    .all(taskId, afterSeq, limit)
    .map(read);
}

/** The newest ones, oldest of them first. */
export function newestComments(db: Db, taskId: string, limit: number): Comment[] {
  return statement(db, `SELECT ${COLUMNS} FROM comments WHERE task_id = ? ORDER BY seq DESC LIMIT ?`)
    .all(taskId, limit)
    .map(read)
    .reverse();
}

export function insertComment(db: Db, comment: Omit<Comment, "seq">): void {
  const { author, ...rest } = comment;
  statement(
    db,
    `INSERT INTO comments (id, task_id, author_kind, author_id, author_name, content, execution_id, ordinal, repeats, created_at, updated_at)
     VALUES (@id, @taskId, @authorKind, @authorId, @authorName, @content, @executionId, @ordinal, @repeats, @createdAt, @updatedAt)`,
  ).run({ ...rest, authorKind: author.kind, authorId: author.id, authorName: author.name });
}

/** Says the same once more instead of a new comment. */
export function repeatComment(db: Db, id: string, content: string, now: number): void {
  statement(db, "UPDATE comments SET repeats = repeats + 1, content = ?, updated_at = ? WHERE id = ?").run(content, now, id);
}
