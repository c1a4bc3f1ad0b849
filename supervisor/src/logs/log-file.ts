import { closeSync, fdatasync, ftruncateSync, openSync, writevSync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { encodeHeader, type Frame, type Header } from "./frame.ts";
import { advance, emptyLog, type LogState } from "./log-state.ts";
import { readRecords } from "./read-records.ts";

/** The log of one execution, open for writing. Only one exists per file; readers open the file for themselves. */
export interface LogFile {
  readonly state: Readonly<LogState>;
  append(frame: Frame): void;
  /** Notes which frame is the last one. */
  end(lastFrame: number): void;
  /** Survives a power cut from then on. Single frames need not: they are evidence, not state. */
  sync(): Promise<void>;
  close(): void;
}

/** Reads what stands in a file. @returns an empty state when there is no file */
export async function scanLog(path: string): Promise<LogState> {
  const state = emptyLog();
  let handle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return state;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    let held: Header | undefined;
    for await (const { header, damaged } of readRecords(handle, 0, size)) {
      // A damaged record counts when others follow it; at the end it was cut off in the middle of being written.
      if (held !== undefined) advance(state, held);
      held = undefined;
      if (damaged) held = header;
      else advance(state, header);
    }
    return state;
  } finally {
    await handle.close();
  }
}

export async function openLogFile(path: string): Promise<LogFile> {
  const state = await scanLog(path);
  const fd = openSync(path, "a+", 0o600);
  // Opening with "a" would write behind a record that a crash cut off.
  ftruncateSync(fd, state.size);
  let open = true;

  function write(header: Header, payload: Uint8Array): void {
    const parts = [encodeHeader(header), payload];
    const length = parts[0]!.length + payload.length;
    try {
      if (writevSync(fd, parts) < length) throw Object.assign(new Error("The disk took only a part of a log frame."), { code: "ENOSPC" });
    } catch (error) {
      // Half a record in the middle would hide every later one.
      ftruncateSync(fd, state.size);
      throw error;
    }
    advance(state, header);
  }

  return {
    state,
    append({ payload, ...frame }) {
      write({ kind: "frame", ...frame, payloadLength: payload.length }, payload);
    },
    end(lastFrame) {
      write({ kind: "end", lastFrame }, new Uint8Array(0));
    },
    async sync() {
      if (open) await promisify(fdatasync)(fd);
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
