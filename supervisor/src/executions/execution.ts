export const EXECUTION_STATES = ["leased", "running", "stopping", "reaping", "ended"] as const;
export type ExecutionState = (typeof EXECUTION_STATES)[number];

/** Why an execution is being stopped. The first reason wins, except that a delete wins over everything. */
export const STOP_REASONS = ["none", "cancelled", "moved", "restarted", "deleted", "supervisor_stopping"] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export const OUTCOMES = [
  "none",
  "finished",
  "bad_output",
  "exit_nonzero",
  "timeout",
  "cancelled",
  "cli_missing",
  "auth",
  "provider_unavailable",
  "rate_limited",
  "usage_limit",
  "runner_lost",
  "supervisor_stopping",
  "disk_full",
  "spawn_failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const CONTAINMENTS = ["L0", "L1", "L2", "L3"] as const;
export type Containment = (typeof CONTAINMENTS)[number];

/** A missing figure means unknown, never zero. Cost in US dollars. */
export interface Usage {
  inputTokens: number | null;
  outputTokens: number | null;
  cachedTokens: number | null;
  cost: number | null;
}

/** One attempt at a step: one CLI process for one agent in one pass. Times in Unix milliseconds. */
export interface Execution {
  seq: number;
  id: string;
  workspaceId: string;
  taskId: string;
  runId: string;
  runNumber: number;
  passNumber: number;
  agentId: string;
  agentName: string;
  cli: string;
  model: string;
  state: ExecutionState;
  stopReason: StopReason;
  /** Grows per workspace; a report with another one changes no task. */
  fence: number;
  runnerId: string;
  boot: number;
  requestId: string;
  /** Newest event that its input contained. */
  inputSeq: number;
  outcome: Outcome;
  outcomeDetail: string;
  exitCode: number | null;
  signal: string;
  actions: Action[];
  reportSha256: string;
  /** The answer came too late to change the task and is kept as evidence. */
  salvaged: boolean;
  containment: Containment;
  pid: number;
  pidStartTicks: number;
  logLines: number;
  logBytes: number;
  logTruncated: boolean;
  logComplete: boolean;
  usage: Usage;
  silent: boolean;
  leasedAt: number;
  startedAt: number | null;
  endedAt: number | null;
}

/** One action of an agent's answer, as `output.json` holds it. */
export type Action =
  | { type: "skip" }
  | { type: "comment"; content: string }
  | { type: "change_status"; status: "in_review"; reason?: string }
  | { type: "note"; text: string };

const MAY_BECOME = {
  leased: ["running", "stopping", "reaping", "ended"],
  running: ["stopping", "reaping", "ended"],
  stopping: ["reaping", "ended"],
  reaping: ["ended"],
  ended: [],
} as const satisfies Record<ExecutionState, readonly ExecutionState[]>;

/** The execution in its next state. A repeated message is no step; any other step is a bug, since a report or an order is checked before. */
export function become(execution: Execution, state: ExecutionState): Execution {
  if (execution.state === state) return execution;
  if (!(MAY_BECOME[execution.state] as readonly ExecutionState[]).includes(state)) {
    throw new Error(`Execution ${execution.id} is ${execution.state} and cannot become ${state}.`);
  }
  return { ...execution, state };
}

/** The stop reason that holds when another one is asked for. */
export function firstReason(present: StopReason, asked: StopReason): StopReason {
  return present === "none" || asked === "deleted" ? asked : present;
}
