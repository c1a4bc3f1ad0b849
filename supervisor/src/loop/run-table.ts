import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { Run, Streak } from "./run.ts";

const COLUMNS = `id, task_id AS taskId, workspace_id AS workspaceId, queue_entry_id AS queueEntryId, number, state, outcome, reason,
  pass_number AS passNumber, pass_seq AS passSeq, pass_worked AS passWorked, turns, streak_agent_id AS streakAgentId,
  streak_outcome AS streakOutcome, streak_count AS streakCount, streak_comment_id AS streakCommentId, opened_at AS openedAt, ended_at AS endedAt`;

type StreakColumns = { streakAgentId: string; streakOutcome: string; streakCount: number; streakCommentId: string };
type Row = Omit<Run, "passWorked" | "streak" | "turns"> & { passWorked: number; turns: string } & StreakColumns;

function read(found: unknown): Run | undefined {
  if (found === undefined) return undefined;
  const { passWorked, turns, streakAgentId, streakOutcome, streakCount, streakCommentId, ...rest } = found as Row;
  const streak: Streak = { agentId: streakAgentId, outcome: streakOutcome, count: streakCount, commentId: streakCommentId };
  return { ...rest, passWorked: passWorked === 1, turns: JSON.parse(turns) as string[], streak };
}

function row({ streak, passWorked, turns, ...rest }: Run): Row {
  return {
    ...rest,
    passWorked: Number(passWorked),
    turns: JSON.stringify(turns),
    streakAgentId: streak.agentId,
    streakOutcome: streak.outcome,
    streakCount: streak.count,
    streakCommentId: streak.commentId,
  };
}

export function findRun(db: Db, id: string): Run | undefined {
  return read(statement(db, `SELECT ${COLUMNS} FROM runs WHERE id = ?`).get(id));
}

/** The task's run that has not ended. */
export function openRun(db: Db, taskId: string): Run | undefined {
  return read(statement(db, `SELECT ${COLUMNS} FROM runs WHERE task_id = ? AND state <> 'ended'`).get(taskId));
}

/** The run that holds the workspace's slot. */
export function activeRun(db: Db, workspaceId: string): Run | undefined {
  return read(statement(db, `SELECT ${COLUMNS} FROM runs WHERE workspace_id = ? AND state = 'active'`).get(workspaceId));
}

export function insertRun(db: Db, run: Run): void {
  statement(
    db,
    `INSERT INTO runs (id, task_id, workspace_id, queue_entry_id, number, state, outcome, reason, pass_number, pass_seq, pass_worked, turns,
       streak_agent_id, streak_outcome, streak_count, streak_comment_id, opened_at, ended_at)
     VALUES (@id, @taskId, @workspaceId, @queueEntryId, @number, @state, @outcome, @reason, @passNumber, @passSeq, @passWorked, @turns,
       @streakAgentId, @streakOutcome, @streakCount, @streakCommentId, @openedAt, @endedAt)`,
  ).run(row(run));
}

export function saveRun(db: Db, run: Run): Run {
  statement(
    db,
    `UPDATE runs SET queue_entry_id = @queueEntryId, state = @state, outcome = @outcome, reason = @reason, pass_number = @passNumber,
       pass_seq = @passSeq, pass_worked = @passWorked, turns = @turns, streak_agent_id = @streakAgentId, streak_outcome = @streakOutcome,
       streak_count = @streakCount, streak_comment_id = @streakCommentId, ended_at = @endedAt
     WHERE id = @id`,
  ).run(row(run));
  return run;
}

/** Workspaces in which something could start now: nothing lives there, and a run or a ready queue entry waits. */
export function workspacesWithWork(db: Db, now: number): string[] {
  return statement(
    db,
    `SELECT w.id FROM workspaces w WHERE w.paused = 0 AND w.deleting = 0
       AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.workspace_id = w.id AND e.state <> 'ended')
       AND (EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = w.id AND r.state = 'active')
         OR EXISTS (SELECT 1 FROM queue_entries q WHERE q.workspace_id = w.id AND q.state = 'queued' AND q.ready_at <= ?))
     ORDER BY w.last_activity_at`,
  )
    .pluck()
    .all(now) as string[];
}
