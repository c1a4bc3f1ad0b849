import { constants, crc32, zstdCompressSync } from "node:zlib";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { LogChunkSchema, type LogLineSchema } from "@malamar/proto/malamar/v1/log_pb";

export type Line = MessageInitShape<typeof LogLineSchema>;

/** Some whole lines of an execution's log, ready to be sent and stored as they are. */
export interface Frame {
  /** 1 = first, dense. */
  sequence: number;
  firstLine: number;
  lineCount: number;
  /** Bytes of output in it. */
  rawBytes: number;
  /** CRC-32 of the payload. */
  checksum: number;
  /** A LogChunk, compressed with zstd. */
  payload: Uint8Array;
  /** The first frame after the gap that the size limit made. */
  truncated: boolean;
}

// Output of CLIs repeats itself so much that the fastest level compresses nearly as well as the slow ones.
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function encodeFrame(lines: Line[], about: { sequence: number; firstLine: number; rawBytes: number; truncated: boolean }): Frame {
  const payload = zstdCompressSync(toBinary(LogChunkSchema, create(LogChunkSchema, { lines })), OPTIONS);
  return { ...about, lineCount: lines.length, checksum: crc32(payload), payload };
}
