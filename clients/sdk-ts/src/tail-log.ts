import type { Client } from "@connectrpc/connect";
import type { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import type { LogLine } from "@malamar/proto/malamar/v1/log_pb";
import { endless, type EndlessOptions } from "./endless.ts";

export interface TailOptions extends EndlessOptions {
  executionId: string;
  /** Number of the last line the caller has; not given = from the first line. */
  afterLine?: bigint | undefined;
  /** Only without afterLine: start at most so many lines before the end. */
  tailLines?: number | undefined;
  /** Wait for further lines until the log is complete. */
  follow?: boolean | undefined;
}

export interface LogBatch {
  lines: LogLine[];
  lastLine: bigint;
  complete: boolean;
}

/** The lines of one execution, each exactly once, over as many connections as it takes. Ends when the log does. */
export async function* tailLog(client: Client<typeof ExecutionService>, options: TailOptions): AsyncGenerator<LogBatch, void> {
  const { executionId, follow = false, ...rest } = options;
  let afterLine = options.afterLine ?? 0n;
  // Counted from the end as it was at first; an attempt after that must not skip what came in between.
  let tailLines = options.tailLines ?? 0;
  let complete = false;
  const responses = endless({
    ...rest,
    open: (signal) => client.tailLog({ executionId, afterLine, tailLines: afterLine === 0n ? tailLines : 0, follow }, { signal }),
    isOver: () => complete || !follow,
  });
  for await (const response of responses) {
    tailLines = 0;
    if (response.lastLine > afterLine) afterLine = response.lastLine;
    complete = response.complete;
    yield { lines: response.lines, lastLine: afterLine, complete };
    if (complete) return;
  }
}
