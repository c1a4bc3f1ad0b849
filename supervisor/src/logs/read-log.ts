import { type FileHandle, open } from "node:fs/promises";
import type { Frame } from "./frame.ts";
import { scanLog } from "./log-file.ts";
import { emptyLog, type LogState, offsetBefore } from "./log-state.ts";
import type { Logs } from "./logs.ts";
import { readRecords } from "./read-records.ts";

export interface StoredFrame extends Omit<Frame, "checksum"> {
  damaged: boolean;
}

/** One reader's view of a log, whether it is being written or ended long ago. */
export interface LogReader {
  /** What is stored now: of a log that is being written without a look at the disk. */
  state(): Promise<Readonly<LogState>>;
  /** Stored frames that hold lines after a line number; a payload is valid until the next frame is asked for. */
  frames(afterLine: number): AsyncGenerator<StoredFrame>;
  close(): Promise<void>;
}

export function openLogReader({ files }: Pick<Logs, "files">, executionId: string): LogReader {
  const path = files.path(executionId);
  let handle: FileHandle | undefined;
  let scanned: { fileSize: number; state: LogState } | undefined;
  // Where the last frame that was given ended.
  let place = { line: 0, offset: 0 };

  async function opened(): Promise<FileHandle | undefined> {
    try {
      handle ??= await open(path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    return handle;
  }

  async function state(): Promise<Readonly<LogState>> {
    const writing = files.peek(executionId);
    if (writing !== undefined) return writing.state;
    const fileSize = (await (await opened())?.stat())?.size;
    if (fileSize === undefined) return emptyLog();
    if (scanned?.fileSize !== fileSize) scanned = { fileSize, state: await scanLog(path) };
    return scanned.state;
  }

  return {
    state,
    async *frames(afterLine) {
      const stored = await state();
      if (stored.lastLine <= afterLine) return;
      const file = await opened();
      if (file === undefined) return;
      const from = place.line === afterLine ? place.offset : offsetBefore(stored, afterLine + 1);
      for await (const { header, payload, offset, damaged } of readRecords(file, from, stored.size)) {
        if (header.kind === "end") continue;
        const { sequence, firstLine, lineCount, rawBytes, truncated } = header;
        const line = firstLine + lineCount - 1;
        if (line <= afterLine) continue;
        yield { sequence, firstLine, lineCount, rawBytes, truncated, payload, damaged };
        place = { line, offset };
      }
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}
