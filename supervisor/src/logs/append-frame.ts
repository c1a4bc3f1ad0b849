import { crc32 } from "node:zlib";
import { Problem } from "#errors/problem.ts";
import type { Frame } from "./frame.ts";
import type { LogFile } from "./log-file.ts";
import { isComplete } from "./log-state.ts";
import type { Logs } from "./logs.ts";

/**
 * Stores a frame if and only if it is the next one; repeated, early and late ones change nothing.
 * @returns the sequence number to send from: everything before it is stored
 */
export async function appendFrame(logs: Logs, executionId: string, frame: Frame): Promise<number> {
  const file = logs.files.peek(executionId) ?? (await logs.files.open(executionId));
  if (frame.sequence !== file.state.next) return file.state.next;
  if (crc32(frame.payload) !== frame.checksum || frame.firstLine <= file.state.lastLine || frame.lineCount === 0) {
    throw new Problem(
      "invalid",
      "log_frame_damaged",
      `Frame ${frame.sequence} of the log of execution ${executionId} is damaged and was not stored; everything before it is kept.`,
      "Send it again from where it was made.",
    );
  }
  store(file, frame);
  noteLog(logs, executionId, file);
  logs.hub.wake(executionId);
  return file.state.next;
}

function store(file: LogFile, frame: Frame): void {
  try {
    file.append(frame);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new Problem(
      "exhausted",
      "storage_full",
      "The disk is full; this part of the log was not stored and everything stored before is kept.",
      "Free some disk space; the runner keeps the rest and sends it again.",
    );
  }
}

/** Brings the figures up to date and, when the last frame has come, closes the log. */
export function noteLog({ counting, files }: Logs, executionId: string, file: LogFile): void {
  const { lines, bytes, truncated } = file.state;
  const complete = isComplete(file.state);
  counting.note(executionId, { lines, bytes, truncated, complete });
  if (!complete) return;
  counting.flush(executionId);
  void file
    .sync()
    .catch(() => {})
    .finally(() => files.close(executionId));
}
