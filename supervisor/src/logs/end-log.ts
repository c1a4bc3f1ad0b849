import { noteLog } from "./append-frame.ts";
import type { LogFile } from "./log-file.ts";
import type { Logs } from "./logs.ts";

/**
 * An execution was reported: this frame is its last. Frames may still come after that, also to the next supervisor, so the file
 * itself remembers it.
 */
export async function endLog(logs: Logs, executionId: string, lastFrame: number): Promise<void> {
  if (lastFrame === 0) {
    // Nothing was printed, so there is no file.
    logs.counting.note(executionId, { lines: 0, bytes: 0, truncated: false, complete: true });
    logs.counting.flush(executionId);
    logs.hub.wake(executionId);
    return;
  }
  const file = logs.files.peek(executionId);
  // Without a pause where possible, so that figures and report share a commit.
  finish(logs, executionId, file ?? (await logs.files.open(executionId)), lastFrame);
}

function finish(logs: Logs, executionId: string, file: LogFile, lastFrame: number): void {
  if (file.state.lastFrame === undefined) file.end(lastFrame);
  noteLog(logs, executionId, file);
  logs.counting.flush(executionId);
  logs.hub.wake(executionId);
}
