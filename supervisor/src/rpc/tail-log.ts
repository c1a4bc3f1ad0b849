import { zstdDecompressSync } from "node:zlib";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { TailLogRequest, TailLogResponseSchema } from "@malamar/proto/malamar/v1/execution_service_pb";
import { LogChunkSchema, type LogLineSchema, LogStream } from "@malamar/proto/malamar/v1/log_pb";
import { notFound } from "#errors/problem.ts";
import { findExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { isComplete } from "#logs/log-state.ts";
import type { Logs } from "#logs/logs.ts";
import { openLogReader, type StoredFrame } from "#logs/read-log.ts";
import type { Deps } from "#store/deps.ts";

export interface TailLogDeps {
  deps: Pick<Deps, "store" | "now">;
  logs: Logs;
  times?: Partial<TailTimes>;
}

/** Milliseconds. */
interface TailTimes {
  /** Between looks at the execution itself, whose end wakes nobody here. */
  look: number;
  /** A quiet stream says that it lives. */
  heartbeat: number;
  /** So long after the end lines may still come. */
  patience: number;
}

const TIMES: TailTimes = { look: 1_000, heartbeat: 15_000, patience: 10_000 };

const BATCH_LINES = 500;
const BATCH_BYTES = 256 * 1024;
/** Of a chunk of 64 KiB of output; more than this is no chunk of ours. */
const CHUNK_BYTES = 8 * 1024 * 1024;

type Line = MessageInitShape<typeof LogLineSchema>;
type Answer = MessageInitShape<typeof TailLogResponseSchema>;

/** Stored lines first, then live ones. Whoever joins late or comes back uses the same call with a cursor; nobody is served from memory. */
export function createTailLog({ deps, logs, times: given = {} }: TailLogDeps) {
  const times = { ...TIMES, ...given };
  const { store, now } = deps;

  /** undefined = more may come; otherwise the end, with what has to be said about it. */
  function endOf(execution: Execution | undefined, complete: boolean): { words: string } | undefined {
    if (execution === undefined) return { words: "" };
    if (execution.state !== "ended") return undefined;
    if (complete || execution.logComplete) return { words: "" };
    if (now() - (execution.endedAt ?? 0) < times.patience) return undefined;
    return { words: "The log ends here although the CLI may have printed more: its last lines never arrived from the runner." };
  }

  return async function* tailLog(request: TailLogRequest, { signal }: Pick<HandlerContext, "signal">): AsyncGenerator<Answer> {
    const { executionId, tailLines, follow } = request;
    if (findExecution(store.reader, executionId) === undefined) throw notFound("execution", executionId);
    const reader = openLogReader(logs, executionId);
    const watch = logs.hub.watch(executionId);
    try {
      const { lastLine } = await reader.state();
      let after = Number(request.afterLine);
      if (after === 0 && tailLines > 0) after = Math.max(0, lastLine - tailLines);
      const stop = follow ? Infinity : lastLine;
      let lastSaid = -Infinity;
      while (!signal.aborted) {
        // The wake-up first, then the execution, then the log: what is found then is all there was when it ended.
        const woken = watch.next(times.look, signal);
        const execution = findExecution(store.reader, executionId);
        const end = endOf(execution, isComplete(await reader.state()));
        for await (const lines of batches(reader.frames(after), after, stop)) {
          after = Number(lines.at(-1)?.number);
          yield { lines, lastLine: BigInt(after) };
          lastSaid = performance.now();
        }
        const over = end !== undefined || after >= stop;
        if (over) {
          const last = end?.words ? [{ number: BigInt(after + 1), stream: LogStream.SYSTEM, text: end.words }] : [];
          yield { lines: last, lastLine: BigInt(after), complete: end !== undefined };
          return;
        }
        if (performance.now() - lastSaid >= times.heartbeat) {
          yield { lines: [], lastLine: BigInt(after) };
          lastSaid = performance.now();
        }
        await woken;
      }
    } finally {
      watch.close();
      await reader.close();
    }
  };
}

/** Lines after `after` and up to `stop`, in portions that no receiver chokes on. */
async function* batches(frames: AsyncIterable<StoredFrame>, after: number, stop: number): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let bytes = 0;
  for await (const frame of frames) {
    for (const line of decodeLines(frame)) {
      const number = Number(line.number);
      if (number <= after) continue;
      if (number > stop) break;
      const size = sizeOf(line);
      if (batch.length > 0 && (batch.length >= BATCH_LINES || bytes + size > BATCH_BYTES)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(line);
      bytes += size;
    }
    if (frame.firstLine + frame.lineCount > stop) break;
  }
  if (batch.length > 0) yield batch;
}

/** About; entries repeat parts of the text. */
function sizeOf(line: Line): number {
  return 64 + (line.text?.length ?? 0) * (line.entries !== undefined && line.entries.length > 0 ? 2 : 1);
}

function decodeLines({ payload, damaged, firstLine, lineCount }: StoredFrame): Line[] {
  if (!damaged) {
    try {
      return fromBinary(LogChunkSchema, zstdDecompressSync(payload, { maxOutputLength: CHUNK_BYTES })).lines;
    } catch {
      // Said below.
    }
  }
  const text = `Lines ${firstLine} to ${firstLine + lineCount - 1} cannot be read: the file was damaged on the disk.`;
  return [{ number: BigInt(firstLine + lineCount - 1), stream: LogStream.SYSTEM, text }];
}
