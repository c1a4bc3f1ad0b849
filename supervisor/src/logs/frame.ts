import { crc32 } from "node:zlib";

/** Some whole lines of an execution's log as its runner sent them; only `rpc/` looks into the payload. */
export interface Frame {
  /** 1 = first, dense. */
  sequence: number;
  firstLine: number;
  lineCount: number;
  /** Bytes of output in it. */
  rawBytes: number;
  /** CRC-32 of the payload. */
  checksum: number;
  payload: Uint8Array;
  /** The first frame after the gap that the size limit made. */
  truncated: boolean;
}

/** A record of a log file: a header of fixed size, then the payload of a frame. */
export type Header =
  | ({ kind: "frame"; payloadLength: number } & Omit<Frame, "payload">)
  /** Written when the execution is reported: this was its last frame, though it may still have to come. 0 = no output. */
  | { kind: "end"; lastFrame: number };

export const HEADER_BYTES = 44;
const MAGIC = 0x01474c4d;
const TRUNCATED = 1;
const END = 2;

export function encodeHeader(header: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  if (header.kind === "end") {
    bytes.writeUInt32LE(END, 4);
    bytes.writeBigUInt64LE(BigInt(header.lastFrame), 8);
  } else {
    bytes.writeUInt32LE(header.truncated ? TRUNCATED : 0, 4);
    bytes.writeBigUInt64LE(BigInt(header.sequence), 8);
    bytes.writeBigUInt64LE(BigInt(header.firstLine), 16);
    bytes.writeUInt32LE(header.lineCount, 24);
    bytes.writeUInt32LE(header.rawBytes, 28);
    bytes.writeUInt32LE(header.payloadLength, 32);
    bytes.writeUInt32LE(header.checksum, 36);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 40)), 40);
  return bytes;
}

/** @returns undefined when no whole header stands there */
export function decodeHeader(bytes: Buffer, offset: number): Header | undefined {
  if (bytes.length - offset < HEADER_BYTES || bytes.readUInt32LE(offset) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(offset + 40) !== crc32(bytes.subarray(offset, offset + 40))) return undefined;
  const flags = bytes.readUInt32LE(offset + 4);
  const sequence = Number(bytes.readBigUInt64LE(offset + 8));
  if ((flags & END) !== 0) return { kind: "end", lastFrame: sequence };
  return {
    kind: "frame",
    sequence,
    firstLine: Number(bytes.readBigUInt64LE(offset + 16)),
    lineCount: bytes.readUInt32LE(offset + 24),
    rawBytes: bytes.readUInt32LE(offset + 28),
    payloadLength: bytes.readUInt32LE(offset + 32),
    checksum: bytes.readUInt32LE(offset + 36),
    truncated: (flags & TRUNCATED) !== 0,
  };
}
