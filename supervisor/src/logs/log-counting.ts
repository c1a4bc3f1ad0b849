import type { Deps } from "#store/deps.ts";
import { countLog } from "./count-log.ts";
import type { LogCounters } from "./log-counter-table.ts";

/** Keeps the figures of growing logs in the database true to within a moment, so that a flood of lines is no flood of writes. */
export interface LogCounting {
  note(executionId: string, counters: LogCounters): void;
  /** Writes what is noted of one execution now. */
  flush(executionId: string): void;
  flushAll(): void;
}

export interface LogCountingOptions {
  deps: Pick<Deps, "store" | "now">;
  /** Milliseconds between two writes for one execution. */
  interval?: number;
  onError(error: unknown): void;
}

export function createLogCounting({ deps, interval = 2_000, onError }: LogCountingOptions): LogCounting {
  const noted = new Map<string, { counters: LogCounters; timer: NodeJS.Timeout }>();

  function flush(executionId: string): void {
    const entry = noted.get(executionId);
    if (entry === undefined) return;
    noted.delete(executionId);
    clearTimeout(entry.timer);
    countLog(deps, executionId, entry.counters);
  }

  function flushLater(executionId: string): NodeJS.Timeout {
    return setTimeout(() => {
      try {
        flush(executionId);
      } catch (error) {
        // The figures come again with the next frame; the log itself is not concerned.
        onError(error);
      }
    }, interval).unref();
  }

  return {
    note(executionId, counters) {
      const entry = noted.get(executionId);
      if (entry === undefined) noted.set(executionId, { counters, timer: flushLater(executionId) });
      else entry.counters = counters;
    },
    flush,
    flushAll() {
      for (const executionId of noted.keys()) flush(executionId);
    },
  };
}
