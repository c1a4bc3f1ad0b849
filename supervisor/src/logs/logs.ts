import type { Deps } from "#store/deps.ts";
import { createLogCounting, type LogCounting } from "./log-counting.ts";
import { createLogFiles, type LogFiles } from "./log-files.ts";
import { createLogHub, type LogHub } from "./log-hub.ts";

/** What writing and watching logs shares. */
export interface Logs {
  files: LogFiles;
  hub: LogHub;
  counting: LogCounting;
  close(): void;
}

export function openLogs(options: {
  folder: string;
  deps: Pick<Deps, "store" | "now">;
  onError(error: unknown): void;
  countInterval?: number;
}): Logs {
  const { folder, deps, onError, countInterval: interval } = options;
  const files = createLogFiles(folder);
  const counting = createLogCounting({ deps, onError, ...(interval === undefined ? {} : { interval }) });
  return {
    files,
    hub: createLogHub(),
    counting,
    close() {
      counting.flushAll();
      files.closeAll();
    },
  };
}
