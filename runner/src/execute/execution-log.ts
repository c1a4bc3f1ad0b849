// Output of a CLI → numbered lines → frames. Lines are numbered over both streams as they arrive. A frame leaves at once
// when nothing left before it for a while; while output keeps coming it waits a few milliseconds for company.
import { complain } from "#errors/complain.ts";
import type { LogEntry, OutputStream, Parser } from "#clis/cli.ts";
import { splitLines, type LineSplitter } from "#process/lines.ts";
import { encodeFrame, type Frame, type Line } from "./frame.ts";
import { createTail, type LogTail } from "./log-tail.ts";
import { LogStream } from "@malamar/proto/malamar/v1/log_pb";

export interface ExecutionLog {
  output: (stream: OutputStream, chunk: Buffer) => void;
  /** A line that Malamar itself says. */
  system: (text: string) => void;
  /** The output has ended: everything that is left becomes frames, and then what Malamar has to say about the end. */
  end: (words: string[]) => void;
  lines: () => number;
  bytes: () => number;
  stderrTail: () => string;
}

export interface LogOrder {
  parser: Parser;
  /** Bytes of output that are kept. */
  cap: number;
  onFrame: (frame: Frame) => void;
}

const MOST_RAW_BYTES = 64 * 1024;
const MOST_LINES = 4_096;
const COALESCE_MS = 12;
/** A longer line is shown, but no longer understood. */
const LONGEST_PARSED = 1024 * 1024;
const STDERR_TAIL = 4 * 1024;
/** A flood of empty lines has to reach the limit, too. */
const LINE_COST = 32;

const STREAMS = { stdout: LogStream.STDOUT, stderr: LogStream.STDERR };

export function createExecutionLog({ parser, cap, onFrame }: LogOrder): ExecutionLog {
  let batch: Line[] = [];
  let batchBytes = 0;
  let lines = 0;
  let bytes = 0;
  let frames = 0;
  let kept = 0;
  let flushedAt = -COALESCE_MS;
  let waiting = false;
  let tail: LogTail | null = null;
  let afterGap = false;
  let stderrEnd: Buffer = Buffer.alloc(0);
  const splitters = { stdout: splitter("stdout"), stderr: splitter("stderr") };

  function splitter(stream: OutputStream): LineSplitter {
    let joined = "";
    let whole = true;
    return splitLines((text, continues, size) => {
      whole &&= joined.length + text.length <= LONGEST_PARSED;
      if (whole) joined += text;
      const entries = continues ? [] : understand(stream, joined, whole);
      if (!continues) {
        joined = "";
        whole = true;
      }
      keep({ stream: STREAMS[stream], time: timestamp(), text, continues, entries: entries.map((entry) => ({ entry })) }, size);
    });
  }

  function understand(stream: OutputStream, text: string, whole: boolean): LogEntry[] {
    try {
      return parser.line(stream, text, whole);
    } catch (error) {
      complain("A line of output could not be read; it is shown as text.", { error });
      return [];
    }
  }

  function keep(line: Line, size: number): void {
    kept += size + LINE_COST;
    if (tail === null && kept > cap) tail = createTail();
    if (tail === null) append(line, size);
    else tail.push(line, size);
  }

  function append(line: Line, size: number): void {
    if (batchBytes + size > MOST_RAW_BYTES || batch.length === MOST_LINES) flush();
    lines += 1;
    bytes += size;
    batch.push({ ...line, number: BigInt(lines) });
    batchBytes += size;
    schedule();
  }

  function schedule(): void {
    if (waiting) return;
    waiting = true;
    const sinceFlush = performance.now() - flushedAt;
    // setImmediate still takes along everything that this turn of the event loop reads.
    if (sinceFlush >= COALESCE_MS) setImmediate(flush);
    else setTimeout(flush, COALESCE_MS - sinceFlush);
  }

  function flush(): void {
    waiting = false;
    if (batch.length === 0) return;
    flushedAt = performance.now();
    frames += 1;
    const about = { sequence: frames, firstLine: lines - batch.length + 1, rawBytes: batchBytes, truncated: afterGap };
    const frame = encodeFrame(batch, about);
    batch = [];
    batchBytes = 0;
    afterGap = false;
    onFrame(frame);
  }

  function system(text: string): void {
    const line = { stream: LogStream.SYSTEM, time: timestamp(), text };
    if (tail === null) append(line, 0);
    else tail.push(line, 0);
  }

  return {
    output(stream, chunk) {
      splitters[stream].push(chunk);
      if (stream === "stderr") stderrEnd = lastBytes(stderrEnd, chunk);
    },
    system,
    end(words) {
      splitters.stdout.end();
      splitters.stderr.end();
      const leftOut = tail?.leftOut() ?? 0;
      if (leftOut > 0) {
        flush();
        afterGap = true;
        const text = `The output was longer than the limit of ${cap} bytes: ${leftOut} bytes are left out here. What follows is its end.`;
        append({ stream: LogStream.SYSTEM, time: timestamp(), text }, 0);
      }
      for (const { line, bytes: size } of tail?.lines() ?? []) append(line, size);
      tail = null;
      for (const text of words) system(text);
      flush();
    },
    lines: () => lines,
    bytes: () => bytes,
    stderrTail: () => stderrEnd.toString("utf8").replace(/^\uFFFD+/, ""),
  };
}

function timestamp(): { seconds: bigint; nanos: number } {
  const now = Date.now();
  return { seconds: BigInt(Math.floor(now / 1000)), nanos: (now % 1000) * 1_000_000 };
}

function lastBytes(before: Buffer, chunk: Buffer): Buffer {
  if (chunk.length >= STDERR_TAIL) return Buffer.from(chunk.subarray(-STDERR_TAIL));
  return Buffer.concat([before, chunk]).subarray(-STDERR_TAIL);
}
