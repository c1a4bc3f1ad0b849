import { appendEvent } from "#events/event-table.ts";
import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";
import type { Action, Execution, Usage } from "./execution.ts";

const FIELDS = {
  id: "id",
  workspaceId: "workspace_id",
  taskId: "task_id",
  runId: "run_id",
  runNumber: "run_number",
  passNumber: "pass_number",
  agentId: "agent_id",
  agentName: "agent_name",
  cli: "cli",
  model: "model",
  state: "state",
  stopReason: "stop_reason",
  fence: "fence",
  runnerId: "runner_id",
  boot: "boot",
  requestId: "request_id",
  inputSeq: "input_seq",
  outcome: "outcome",
  outcomeDetail: "outcome_detail",
  exitCode: "exit_code",
  signal: "signal",
  actions: "actions",
  reportSha256: "report_sha256",
  salvaged: "salvaged",
  containment: "containment",
  pid: "pid",
  pidStartTicks: "pid_start_ticks",
  logLines: "log_lines",
  logBytes: "log_bytes",
  logTruncated: "log_truncated",
  logComplete: "log_complete",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cachedTokens: "cached_tokens",
  cost: "cost",
  silent: "silent",
  leasedAt: "leased_at",
  startedAt: "started_at",
  endedAt: "ended_at",
} as const;

const NAMES = Object.entries(FIELDS);
const COLUMNS = `seq, ${NAMES.map(([field, column]) => `${column} AS ${field}`).join(", ")}`;
const INSERT = `INSERT INTO executions (${NAMES.map(([, column]) => column).join(", ")}) VALUES (${NAMES.map(([field]) => `@${field}`).join(", ")})`;
// What an execution is of never changes, only what becomes of it. The log's counters belong to the log room.
const CHANGING = [
  "state",
  "stopReason",
  "outcome",
  "outcomeDetail",
  "exitCode",
  "signal",
  "actions",
  "reportSha256",
  "salvaged",
  "containment",
  "pid",
] as const;
const ALSO_CHANGING = ["pidStartTicks", "inputTokens", "outputTokens", "cachedTokens", "cost", "silent", "startedAt", "endedAt"] as const;
const UPDATE = `UPDATE executions SET ${[...CHANGING, ...ALSO_CHANGING].map((field) => `${FIELDS[field]} = @${field}`).join(", ")} WHERE id = @id`;

type Flags = "salvaged" | "logTruncated" | "logComplete" | "silent";
type Row = Omit<Execution, "actions" | "usage" | Flags> & Record<Flags, number> & Usage & { actions: string };

function read(row: unknown): Execution {
  const { actions, salvaged, logTruncated, logComplete, silent, inputTokens, outputTokens, cachedTokens, cost, ...rest } = row as Row;
  return {
    ...rest,
    actions: JSON.parse(actions) as Action[],
    salvaged: salvaged === 1,
    logTruncated: logTruncated === 1,
    logComplete: logComplete === 1,
    silent: silent === 1,
    usage: { inputTokens, outputTokens, cachedTokens, cost },
  };
}

function row(execution: Omit<Execution, "seq">): Omit<Row, "seq"> {
  const { usage, ...rest } = execution;
  return {
    ...rest,
    ...usage,
    actions: JSON.stringify(execution.actions),
    salvaged: Number(execution.salvaged),
    logTruncated: Number(execution.logTruncated),
    logComplete: Number(execution.logComplete),
    silent: Number(execution.silent),
  };
}

const one = (found: unknown): Execution | undefined => (found === undefined ? undefined : read(found));

export function findExecution(db: Db, id: string): Execution | undefined {
  return one(statement(db, `SELECT ${COLUMNS} FROM executions WHERE id = ?`).get(id));
}

/** The workspace's execution that has not ended; there is at most one. */
export function liveExecution(db: Db, workspaceId: string): Execution | undefined {
  return one(statement(db, `SELECT ${COLUMNS} FROM executions WHERE workspace_id = ? AND state <> 'ended'`).get(workspaceId));
}

export function liveExecutionOfTask(db: Db, taskId: string): Execution | undefined {
  return one(
    statement(db, `SELECT ${COLUMNS} FROM executions WHERE task_id = ? AND state <> 'ended' ORDER BY seq DESC LIMIT 1`).get(taskId),
  );
}

export function liveExecutionsOfRunner(db: Db, runnerId: string): Execution[] {
  return statement(db, `SELECT ${COLUMNS} FROM executions WHERE runner_id = ? AND state <> 'ended'`).all(runnerId).map(read);
}

export function liveExecutions(db: Db): Execution[] {
  return statement(db, `SELECT ${COLUMNS} FROM executions WHERE state <> 'ended'`).all().map(read);
}

/** The execution that a runner's request was granted, if it was. */
export function executionOfRequest(db: Db, runnerId: string, boot: number, requestId: string): Execution | undefined {
  return one(
    statement(db, `SELECT ${COLUMNS} FROM executions WHERE runner_id = ? AND boot = ? AND request_id = ?`).get(runnerId, boot, requestId),
  );
}

export interface ExecutionPage {
  workspaceId?: string;
  taskId?: string;
  beforeSeq?: number;
  limit: number;
}

/** Newest first. */
export function listExecutions(db: Db, { workspaceId, taskId, beforeSeq, limit }: ExecutionPage): Execution[] {
  const [column, value] = taskId === undefined ? ["workspace_id", workspaceId] : ["task_id", taskId];
  return statement(db, `SELECT ${COLUMNS} FROM executions WHERE ${column} = ? AND seq < ? ORDER BY seq DESC LIMIT ?`)
    .all(value, beforeSeq ?? Number.MAX_SAFE_INTEGER, limit)
    .map(read);
}

export function insertExecution(db: Db, execution: Omit<Execution, "seq">, now: number): Execution {
  const done = statement(db, INSERT).run(row(execution));
  changed(db, execution, now);
  return { ...execution, seq: Number(done.lastInsertRowid) };
}

export function saveExecution(db: Db, execution: Execution, now: number): Execution {
  statement(db, UPDATE).run(row(execution));
  changed(db, execution, now);
  return execution;
}

function changed(db: Db, execution: Omit<Execution, "seq">, now: number): void {
  const { workspaceId, taskId, id } = execution;
  appendEvent(db, { type: "execution_changed", workspaceId, taskId, subjectId: id }, now);
}
