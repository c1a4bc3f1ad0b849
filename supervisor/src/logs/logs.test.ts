import { appendFileSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestStore } from "#store/open-test-store.ts";
import { appendFrame } from "./append-frame.ts";
import { endLog } from "./end-log.ts";
import type { Frame } from "./frame.ts";
import { openLogs } from "./logs.ts";
import { openLogReader } from "./read-log.ts";
import { removeLog } from "./remove-log.ts";

let folder: string;
let logs: ReturnType<typeof open>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "malamar-logs-"));
  logs = open();
});
afterEach(async () => {
  logs.close();
  await rm(folder, { recursive: true });
});

function open() {
  return openLogs({
    folder,
    deps: openTestStore(),
    onError: (error) => {
      throw error;
    },
  });
}

const ID = "execution0000000000001";
const file = () => join(folder, `${ID}.log`);

/** A frame whose payload says which lines it holds. */
function frame(sequence: number, firstLine: number, lineCount = 1, more: Partial<Frame> = {}): Frame {
  const payload = Buffer.from(`lines ${firstLine} to ${firstLine + lineCount - 1};`.padEnd(100, "."));
  return { sequence, firstLine, lineCount, rawBytes: 10 * lineCount, checksum: crc32(payload), payload, truncated: false, ...more };
}

async function read(afterLine: number): Promise<string[]> {
  const reader = openLogReader(logs, ID);
  const found: string[] = [];
  for await (const { payload, damaged } of reader.frames(afterLine)) found.push(damaged ? "damaged" : String(payload).split(";")[0]!);
  await reader.close();
  return found;
}

test("frames are stored in order, and the answer always says what comes next", async () => {
  expect(await appendFrame(logs, ID, frame(1, 1, 3))).toBe(2);
  expect(await appendFrame(logs, ID, frame(2, 4))).toBe(3);
  expect(await read(0)).toEqual(["lines 1 to 3", "lines 4 to 4"]);
  expect(await read(2)).toEqual(["lines 1 to 3", "lines 4 to 4"]);
  expect(await read(3)).toEqual(["lines 4 to 4"]);
  expect(await read(4)).toEqual([]);
});

test("a repeated, an early and a late frame change nothing", async () => {
  await appendFrame(logs, ID, frame(1, 1));
  await appendFrame(logs, ID, frame(2, 2));
  const size = statSync(file()).size;
  expect(await appendFrame(logs, ID, frame(1, 1))).toBe(3);
  expect(await appendFrame(logs, ID, frame(2, 2))).toBe(3);
  expect(await appendFrame(logs, ID, frame(5, 5))).toBe(3);
  expect(statSync(file()).size).toBe(size);
});

test("a frame whose checksum or line numbers are wrong is refused and everything before it is kept", async () => {
  await appendFrame(logs, ID, frame(1, 1, 2));
  await expect(appendFrame(logs, ID, { ...frame(2, 3), checksum: 7 })).rejects.toThrow("is damaged and was not stored");
  await expect(appendFrame(logs, ID, frame(2, 2))).rejects.toThrow("is damaged and was not stored");
  expect(await read(0)).toEqual(["lines 1 to 2"]);
});

test("what a crash cut off is removed, and writing goes on where the last whole frame ended", async () => {
  for (let n = 1; n <= 3; n++) await appendFrame(logs, ID, frame(n, n));
  logs.close();
  truncateSync(file(), statSync(file()).size - 7);
  logs = open();
  expect(await read(0)).toEqual(["lines 1 to 1", "lines 2 to 2"]);
  expect(await appendFrame(logs, ID, frame(4, 4))).toBe(3);
  expect(await appendFrame(logs, ID, frame(3, 3))).toBe(4);
  expect(await read(0)).toEqual(["lines 1 to 1", "lines 2 to 2", "lines 3 to 3"]);
});

test("a tail of zeros, as a power cut leaves it, is removed too", async () => {
  await appendFrame(logs, ID, frame(1, 1));
  logs.close();
  appendFileSync(file(), Buffer.alloc(500));
  logs = open();
  expect(await appendFrame(logs, ID, frame(2, 2))).toBe(3);
  expect(await read(0)).toEqual(["lines 1 to 1", "lines 2 to 2"]);
});

test("a frame that the disk damaged is said to be so, and the others are still read", async () => {
  for (let n = 1; n <= 3; n++) await appendFrame(logs, ID, frame(n, n));
  logs.close();
  const bytes = readFileSync(file());
  bytes[bytes.indexOf("lines 2")] = 0x21;
  writeFileSync(file(), bytes);
  logs = open();
  expect(await read(0)).toEqual(["lines 1 to 1", "damaged", "lines 3 to 3"]);
  expect(await appendFrame(logs, ID, frame(4, 4))).toBe(5);
});

test("any line of a long log is found without reading what is before it", async () => {
  for (let n = 1; n <= 1000; n++) await appendFrame(logs, ID, frame(n, n * 2 - 1, 2));
  expect((await read(1900))[0]).toBe("lines 1901 to 1902");
  logs.close();
  logs = open();
  const found = await read(1999);
  expect(found).toEqual(["lines 1999 to 2000"]);
  const reader = openLogReader(logs, ID);
  const { marks, lastLine, lines } = await reader.state();
  await reader.close();
  expect(marks.length).toBeGreaterThan(10);
  expect({ lastLine, lines }).toEqual({ lastLine: 2000, lines: 2000 });
});

test("a reader goes on where it stopped while the log grows", async () => {
  await appendFrame(logs, ID, frame(1, 1));
  const reader = openLogReader(logs, ID);
  const seen: number[] = [];
  for (let after = 0; after < 3;) {
    for await (const { firstLine, lineCount } of reader.frames(after)) {
      seen.push(firstLine);
      after = firstLine + lineCount - 1;
    }
    if (after < 3) await appendFrame(logs, ID, frame(after + 1, after + 1));
  }
  await reader.close();
  expect(seen).toEqual([1, 2, 3]);
});

test("the file itself knows its last frame, also after a restart in between", async () => {
  await appendFrame(logs, ID, frame(1, 1));
  await endLog(logs, ID, 2);
  logs.close();
  logs = open();
  const reader = openLogReader(logs, ID);
  expect(await reader.state()).toMatchObject({ lastFrame: 2, next: 2 });
  await appendFrame(logs, ID, frame(2, 2));
  expect(await reader.state()).toMatchObject({ lastFrame: 2, next: 3 });
  await endLog(logs, ID, 2);
  await reader.close();
  expect(await read(0)).toEqual(["lines 1 to 1", "lines 2 to 2"]);
});

test("nobody is woken before the frame can be read, and a removed log reads as empty", async () => {
  const watch = logs.hub.watch(ID);
  const woken = watch.next(60_000, new AbortController().signal);
  await appendFrame(logs, ID, frame(1, 1));
  await woken;
  expect(await read(0)).toEqual(["lines 1 to 1"]);
  const gone = watch.next(60_000, new AbortController().signal);
  await removeLog(logs, ID);
  await gone;
  watch.close();
  expect(await read(0)).toEqual([]);
});

test("an id that is no id never becomes a path", async () => {
  await expect(appendFrame(logs, "../x", frame(1, 1))).rejects.toThrow("is no id of an execution");
});
