import { crc32, zstdCompressSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { LogChunkSchema, LogStream } from "@malamar/proto/malamar/v1/log_pb";
import type { Frame } from "#logs/frame.ts";

/** A frame as a runner makes it: these texts as lines from `firstLine` on. For tests. */
export function frameOf(sequence: number, firstLine: number, texts: readonly string[]): Frame {
  const lines = texts.map((text, index) => ({ number: BigInt(firstLine + index), stream: LogStream.STDOUT, text }));
  const payload = zstdCompressSync(toBinary(LogChunkSchema, create(LogChunkSchema, { lines })));
  const rawBytes = texts.reduce((sum, text) => sum + text.length + 1, 0);
  return { sequence, firstLine, lineCount: texts.length, rawBytes, checksum: crc32(payload), payload, truncated: false };
}
