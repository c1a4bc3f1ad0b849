import type { CliOrder } from "#clis/cli.ts";
import type { StepInput } from "#workdir/step-input.ts";
import type { DirectoryOrder } from "#workdir/task-directory.ts";

/** The order to carry out one execution: a grant in the runner's own words. */
export interface Order {
  executionId: string;
  fence: bigint;
  workspaceId: string;
  taskId: string;
  directory: DirectoryOrder;
  input: StepInput;
  cli: CliOrder;
  limits: Limits;
}

/** Milliseconds; null = none. */
export interface Limits {
  time: number | null;
  silenceWarning: number | null;
  silence: number | null;
  /** Bytes of log kept. */
  logCap: number;
  /** Between the polite signals and the last one. */
  stopGrace: number;
  /** Between a complete answer and our stop of a CLI that does not end. */
  finishGrace: number;
}
