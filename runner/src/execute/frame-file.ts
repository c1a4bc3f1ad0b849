// spool.frames: frames one after the other, each behind a header of fixed size. Only its own runner writes it. After a
// crash the last frame may be cut off; it is then as if it had never been written.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Frame } from "./frame.ts";

const MAGIC = 0x314d524d;
const HEADER = 40;

export interface FrameFile {
  /** Where the frame was written. */
  append: (frame: Frame) => number;
  /** null when there is no whole frame at this place. */
  read: (offset: number) => Frame | null;
  /** Places of all whole frames, in order. */
  offsets: () => number[];
  close: () => void;
}

export function openFrameFile(path: string): FrameFile {
  const file = openSync(path, "a+", 0o600);
  let size = fstatSync(file).size;

  function header(offset: number): Buffer | null {
    const bytes = Buffer.alloc(HEADER);
    if (readSync(file, bytes, 0, HEADER, offset) < HEADER || bytes.readUInt32LE(0) !== MAGIC) return null;
    return offset + HEADER + bytes.readUInt32LE(4) <= size ? bytes : null;
  }

  return {
    append(frame) {
      const bytes = Buffer.alloc(HEADER + frame.payload.length);
      bytes.writeUInt32LE(MAGIC, 0);
      bytes.writeUInt32LE(frame.payload.length, 4);
      bytes.writeUInt32LE(frame.checksum, 8);
      bytes.writeUInt32LE(frame.truncated ? 1 : 0, 12);
      bytes.writeBigUInt64LE(BigInt(frame.sequence), 16);
      bytes.writeBigUInt64LE(BigInt(frame.firstLine), 24);
      bytes.writeUInt32LE(frame.lineCount, 32);
      bytes.writeUInt32LE(frame.rawBytes, 36);
      bytes.set(frame.payload, HEADER);
      const offset = size;
      try {
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      } catch (error) {
        // Half a frame in the middle would hide every later one.
        ftruncateSync(file, offset);
        throw error;
      }
      size += bytes.length;
      return offset;
    },
    read(offset) {
      const head = header(offset);
      if (head === null) return null;
      const payload = Buffer.alloc(head.readUInt32LE(4));
      readSync(file, payload, 0, payload.length, offset + HEADER);
      const checksum = head.readUInt32LE(8);
      if (crc32(payload) !== checksum) return null;
      return {
        sequence: Number(head.readBigUInt64LE(16)),
        firstLine: Number(head.readBigUInt64LE(24)),
        lineCount: head.readUInt32LE(32),
        rawBytes: head.readUInt32LE(36),
        checksum,
        payload,
        truncated: head.readUInt32LE(12) === 1,
      };
    },
    offsets() {
      const found: number[] = [];
      for (let offset = 0, head = header(0); head !== null; head = header(offset)) {
        found.push(offset);
        offset += HEADER + head.readUInt32LE(4);
      }
      return found;
    },
    close: () => closeSync(file),
  };
}
