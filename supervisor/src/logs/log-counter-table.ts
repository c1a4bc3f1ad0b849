import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";

/** The figures of an execution's log that lists show without opening its file. */
export interface LogCounters {
  lines: number;
  bytes: number;
  truncated: boolean;
  /** Everything up to the last frame is stored. */
  complete: boolean;
}

/** @returns whose execution it is, or undefined when it is gone */
export function saveLogCounters(db: Db, executionId: string, counters: LogCounters): { workspaceId: string; taskId: string } | undefined {
  const row = statement(
    db,
    `UPDATE executions SET log_lines = @lines, log_bytes = @bytes, log_truncated = @truncated, log_complete = @complete WHERE id = @executionId
     RETURNING workspace_id AS workspaceId, task_id AS taskId`,
  ).get({ executionId, ...counters, truncated: Number(counters.truncated), complete: Number(counters.complete) });
  return row as { workspaceId: string; taskId: string } | undefined;
}
