import { HEADER_BYTES, type Header } from "./frame.ts";

/** What is known of a log file from its headers. */
export interface LogState {
  /** Bytes of whole records; what stands behind them does not count. */
  size: number;
  /** Sequence number of the next frame. */
  next: number;
  lines: number;
  lastLine: number;
  /** Of output, not of the file. */
  bytes: number;
  truncated: boolean;
  /** The execution's last frame, once it was reported. */
  lastFrame: number | undefined;
  /** Some places at which a record begins, ascending, so that any line is found without reading what is before it. */
  marks: { line: number; offset: number }[];
}

const MARK_EVERY = 1024 * 1024;
const MARK_RECORDS = 64;

export function emptyLog(): LogState {
  return { size: 0, next: 1, lines: 0, lastLine: 0, bytes: 0, truncated: false, lastFrame: undefined, marks: [] };
}

/** Takes in the record that stands at the present end. */
export function advance(state: LogState, header: Header): void {
  const offset = state.size;
  if (header.kind === "end") {
    state.size += HEADER_BYTES;
    state.lastFrame = header.lastFrame;
    return;
  }
  const mark = state.marks.at(-1);
  if (mark === undefined || offset - mark.offset >= MARK_EVERY || (header.sequence - 1) % MARK_RECORDS === 0) {
    state.marks.push({ line: header.firstLine, offset });
  }
  state.size += HEADER_BYTES + header.payloadLength;
  state.next = header.sequence + 1;
  state.lines += header.lineCount;
  state.lastLine = header.firstLine + header.lineCount - 1;
  state.bytes += header.rawBytes;
  state.truncated ||= header.truncated;
}

/** No further frame will come. */
export function isComplete(state: LogState): boolean {
  return state.lastFrame !== undefined && state.next > state.lastFrame;
}

/** Where to begin reading to find a line. */
export function offsetBefore(state: LogState, line: number): number {
  let low = 0;
  let high = state.marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((state.marks[middle]?.line ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  return state.marks[low - 1]?.offset ?? 0;
}
