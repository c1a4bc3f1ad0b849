import type { LogLine } from "@malamar/proto/malamar/v1/log_pb";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import type { Malamar } from "@malamar/sdk";
import { tailLog } from "@malamar/sdk/tail-log";

const KEPT = 1_000;

/** The end of one execution's log, live while it runs. */
export class LogTail {
  lines = $state.raw<readonly LogLine[]>([]);
  complete = $state(false);
  problem = $state.raw<Problem>();
  #client: Malamar["executions"];
  #executionId: string;

  constructor(client: Malamar["executions"], executionId: string) {
    this.#client = client;
    this.#executionId = executionId;
  }

  /** The log is longer than what is shown. */
  cut = $derived(this.lines.length > 0 && this.lines[0]?.number !== 1n);

  /** Ends with the log, or when the signal says so; calling it again goes on after the last line. */
  async follow(signal: AbortSignal): Promise<void> {
    const last = this.lines.at(-1)?.number;
    try {
      const batches = tailLog(this.#client, {
        executionId: this.#executionId,
        follow: true,
        signal,
        ...(last === undefined ? { tailLines: KEPT } : { afterLine: last }),
      });
      for await (const batch of batches) {
        this.lines = [...this.lines, ...batch.lines].slice(-KEPT);
        this.complete = batch.complete;
      }
    } catch (error) {
      if (!signal.aborted) this.problem = toProblem(error);
    }
  }
}
