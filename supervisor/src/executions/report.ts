import type { Containment, Usage } from "./execution.ts";

export const END_CAUSES = [
  "exited",
  "finish_grace",
  "time_limit",
  "silence_limit",
  "cancelled",
  "supervisor_stopping",
  "cli_missing",
  "directory_missing",
  "spawn_failed",
  "disk_full",
] as const;
export type EndCause = (typeof END_CAUSES)[number];

export const ANSWER_STATES = ["present", "missing", "empty", "not_a_file", "too_large"] as const;
export type AnswerState = (typeof ANSWER_STATES)[number];

export const FINAL_LINES = ["not_expected", "success", "failure", "missing"] as const;
export type FinalLine = (typeof FINAL_LINES)[number];

export const SYSTEMIC_FAULTS = ["auth", "provider_unavailable", "rate_limited", "usage_limit"] as const;
export type SystemicFault = (typeof SYSTEMIC_FAULTS)[number];

/** How an execution ended, as its runner reports it: facts and bytes. What it means is decided in `decide-outcome.ts`. */
export interface Report {
  executionId: string;
  fence: number;
  cause: EndCause;
  exitCode: number | null;
  signal: string;
  answerState: AnswerState;
  answer: Uint8Array;
  error: string;
  stderrTail: string;
  finalLine: FinalLine;
  fault: SystemicFault | null;
  faultDetail: string;
  /** Unix milliseconds, or null when the CLI did not say. */
  faultUntil: number | null;
  usage: Usage;
  lastLogFrame: number;
  startedAt: number | null;
  endedAt: number;
  /** null when it never started. */
  containment: Containment | null;
  /** SHA-256 of the whole report as it came, hex: the same report again is settled the same way. */
  sha256: string;
}

export type Verdict = "applied" | "already" | "salvaged" | "unknown" | "conflict";
