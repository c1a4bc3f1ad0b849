import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { decodeHeader, HEADER_BYTES, type Header } from "./frame.ts";

export interface LogRecord {
  header: Header;
  offset: number;
  /** Empty for the end record. Valid until the next record is asked for. */
  payload: Buffer;
  /** The payload is not what its runner sent: the disk or somebody else changed it. */
  damaged: boolean;
}

const CHUNK = 256 * 1024;

/**
 * Reads records one after the other, with one buffer at a time. Ends at `to`, or before it at the first place where no whole
 * record stands: there the file was cut off by a crash.
 */
export async function* readRecords(handle: FileHandle, from: number, to: number): AsyncGenerator<LogRecord> {
  let buffer: Buffer = Buffer.alloc(0);
  let start = from;

  async function has(offset: number, length: number): Promise<boolean> {
    if (offset + length > to) return false;
    if (offset - start + length <= buffer.length) return true;
    const wanted = Math.min(Math.max(length, CHUNK), to - offset);
    const chunk = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await handle.read(chunk, 0, wanted, offset);
    buffer = chunk.subarray(0, bytesRead);
    start = offset;
    return bytesRead >= length;
  }

  for (let offset = from; await has(offset, HEADER_BYTES);) {
    const header = decodeHeader(buffer, offset - start);
    if (header === undefined) return;
    const length = header.kind === "end" ? 0 : header.payloadLength;
    if (!(await has(offset, HEADER_BYTES + length))) return;
    const begin = offset - start + HEADER_BYTES;
    const payload = buffer.subarray(begin, begin + length);
    yield { header, offset, payload, damaged: header.kind === "frame" && crc32(payload) !== header.checksum };
    offset += HEADER_BYTES + length;
  }
}
