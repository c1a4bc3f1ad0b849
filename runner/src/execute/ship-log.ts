// Carries the frames of one execution's log to the supervisor. A frame is kept until the supervisor says that it is
// stored: a few in memory, and as soon as they are many, or the supervisor is away, all of them in spool.frames. So the
// disk is the buffer, and a flood of output or a long absence costs no memory.
import { existsSync, rmSync } from "node:fs";
import { complain } from "#errors/complain.ts";
import type { Frame } from "./frame.ts";
import { openFrameFile, type FrameFile } from "./frame-file.ts";

export interface LogShipper {
  executionId: string;
  fence: bigint;
  /** Takes the next frame. Throws when it should go to the disk and the disk is full. */
  add: (frame: Frame) => void;
  /** The next frame to send; null when there is none or enough are under way. */
  next: () => Frame | null;
  /** Everything before this sequence number is stored. */
  stored: (nextSequence: number) => void;
  /** The connection is new: what was under way is sent again. */
  sendAgain: () => void;
  /** Called now and then: sends again what was under way the last time and still is. True when there is something to send. */
  nudge: () => boolean;
  /** What is not stored yet goes to the disk now, and what comes later at once. */
  toDisk: () => void;
  lastFrame: () => number;
  allSent: () => boolean;
  allStored: () => boolean;
  /** Nothing of it is needed any more. The file is removed with the folder's leftovers. */
  close: () => void;
}

const MOST_IN_MEMORY = 256 * 1024;
const MOST_UNDER_WAY = 32;

export function createShipper(executionId: string, fence: bigint, spoolPath: string): LogShipper {
  // Frames that are not stored yet: the first has the sequence number `first`, and `sent` of them are under way.
  let first = 1;
  let sent = 0;
  let firstAtNudge = 0;
  let frames: Frame[] | null = [];
  let bytes = 0;
  let onDisk = false;
  let file: FrameFile | null = null;
  let offsets: number[] = [];

  const count = () => (frames === null ? offsets.length : frames.length);
  const last = () => first + count() - 1;

  function spill(): void {
    if (frames === null) return;
    const opened = openFrameFile(spoolPath);
    try {
      offsets = frames.map((frame) => opened.append(frame));
    } catch (error) {
      opened.close();
      rmSync(spoolPath, { force: true });
      throw error;
    }
    file = opened;
    frames = null;
    bytes = 0;
  }

  function drop(howMany: number): void {
    if (frames !== null) for (const frame of frames.splice(0, howMany)) bytes -= frame.payload.length;
    else offsets.splice(0, howMany);
    first += howMany;
    sent = Math.max(0, sent - howMany);
  }

  if (existsSync(spoolPath)) {
    file = openFrameFile(spoolPath);
    offsets = file.offsets();
    frames = null;
    first = file.read(0)?.sequence ?? 1;
  }

  return {
    executionId,
    fence,
    add(frame) {
      if (frames !== null && (onDisk || bytes + frame.payload.length > MOST_IN_MEMORY)) spill();
      if (frames === null) {
        if (file !== null) offsets.push(file.append(frame));
        return;
      }
      frames.push(frame);
      bytes += frame.payload.length;
    },
    next() {
      if (sent >= MOST_UNDER_WAY || sent >= count()) return null;
      const frame = frames === null ? (file?.read(offsets[sent] ?? -1) ?? null) : (frames[sent] ?? null);
      if (frame === null) {
        complain("A frame of a log cannot be read back; the log ends before it.", { executionId, sequence: first + sent });
        offsets.length = sent;
        return null;
      }
      sent += 1;
      return frame;
    },
    stored(nextSequence) {
      const howMany = Math.min(nextSequence - first, count());
      if (howMany > 0) drop(howMany);
    },
    sendAgain() {
      sent = 0;
    },
    nudge() {
      // Answers may be repeated or batched, so only time tells that one is missing.
      if (sent > 0 && first === firstAtNudge) sent = 0;
      firstAtNudge = first;
      return sent < count();
    },
    toDisk() {
      onDisk = true;
      if (count() > 0) spill();
    },
    lastFrame: last,
    allSent: () => sent === count(),
    allStored: () => count() === 0,
    close() {
      file?.close();
      file = null;
      frames = [];
      offsets = [];
      sent = 0;
    },
  };
}
