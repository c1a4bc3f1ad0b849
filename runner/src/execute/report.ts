import type { StartFault } from "#errors/start-failure.ts";
import type { CliFacts } from "#clis/cli.ts";
import type { Level } from "#process/containment.ts";
import type { AnswerState } from "#workdir/read-answer.ts";

/** Why an execution ended. The first cause wins. */
export type EndCause = "exited" | "finish_grace" | "time_limit" | "silence_limit" | "cancelled" | "supervisor_stopping" | StartFault;

/** How an execution ended: facts and bytes. What it means is decided by the supervisor. */
export interface Report {
  executionId: string;
  fence: bigint;
  cause: EndCause;
  /** null when a signal ended it or it never started. */
  exitCode: number | null;
  signal: string;
  answerState: AnswerState;
  answer: Uint8Array;
  /** What went wrong before or at the start. */
  error: string;
  stderrTail: string;
  facts: CliFacts;
  /** 0 = no output. */
  lastLogFrame: number;
  /** Unix milliseconds; null = never started. */
  startedAt: number | null;
  endedAt: number;
  /** null = never started. */
  containment: Level | null;
}
