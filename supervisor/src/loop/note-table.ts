import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";

/** What an agent left for later executions of the task. */
export interface Note {
  taskId: string;
  executionId: string;
  ordinal: number;
  agentName: string;
  text: string;
}

export function insertNote(db: Db, note: Note, now: number): void {
  statement(
    db,
    "INSERT INTO notes (task_id, execution_id, ordinal, agent_name, text, created_at) VALUES (@taskId, @executionId, @ordinal, @agentName, @text, @now)",
  ).run({ ...note, now });
}

/** The newest ones, oldest of them first. */
export function newestNotes(db: Db, taskId: string, limit: number): Note[] {
  return (
    statement(
      db,
      `SELECT task_id AS taskId, execution_id AS executionId, ordinal, agent_name AS agentName, text FROM notes
       WHERE task_id = ? ORDER BY seq DESC LIMIT ?`,
    ).all(taskId, limit) as Note[]
  ).reverse();
}
