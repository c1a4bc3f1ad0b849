import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { encodeFrame, type Frame } from "./frame.ts";
import { openFrameFile } from "./frame-file.ts";
import { createShipper, type LogShipper } from "./ship-log.ts";

const folder = mkdtempSync(join(tmpdir(), "malamar-ship-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let path = "";
let count = 0;
beforeEach(() => {
  path = join(folder, `spool-${(count += 1)}.frames`);
});

/** Random, so that it stays as long as it is. */
function frame(sequence: number, bytes = 100): Frame {
  const text = Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64");
  return encodeFrame([{ number: BigInt(sequence), text }], { sequence, firstLine: sequence, rawBytes: bytes, truncated: sequence === 3 });
}

function sendAll(shipper: LogShipper, stored = false): number[] {
  const sent: number[] = [];
  for (let next = shipper.next(); next !== null; next = shipper.next()) {
    sent.push(next.sequence);
    if (stored) shipper.stored(next.sequence + 1);
  }
  return sent;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe("shipping a log", () => {
  test("a short log that is stored at once never touches the disk", () => {
    const shipper = createShipper("e", 1n, path);
    for (const sequence of [1, 2, 3]) shipper.add(frame(sequence));
    expect(sendAll(shipper)).toEqual([1, 2, 3]);
    expect([shipper.allSent(), shipper.allStored(), shipper.lastFrame()]).toEqual([true, false, 3]);
    shipper.stored(4);
    expect(shipper.allStored()).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  test("only so many frames are under way without an answer", () => {
    const shipper = createShipper("e", 1n, path);
    for (const sequence of numbers(1, 100)) shipper.add(frame(sequence));
    expect(sendAll(shipper)).toEqual(numbers(1, 32));
    shipper.stored(11);
    expect(sendAll(shipper)).toEqual(numbers(33, 42));
  });

  test("a flood goes to the disk and comes back unchanged and in order", () => {
    const shipper = createShipper("e", 1n, path);
    const frames = numbers(1, 60).map((sequence) => frame(sequence, 20_000));
    for (const each of frames) shipper.add(each);
    expect(existsSync(path)).toBe(true);
    const back: Frame[] = [];
    for (let next = shipper.next(); next !== null; next = shipper.next()) {
      back.push({ ...next, payload: Buffer.from(next.payload) });
      shipper.stored(next.sequence + 1);
    }
    expect(back).toEqual(frames.map((each) => ({ ...each, payload: Buffer.from(each.payload) })));
  });

  test("after a reconnect it sends again what is not stored", () => {
    const shipper = createShipper("e", 1n, path);
    for (const sequence of numbers(1, 6)) shipper.add(frame(sequence));
    sendAll(shipper);
    shipper.stored(3);
    shipper.sendAgain();
    expect(sendAll(shipper)).toEqual([3, 4, 5, 6]);
    // The answer for what the last connection had already carried over.
    shipper.sendAgain();
    shipper.stored(6);
    expect(sendAll(shipper)).toEqual([6]);
  });

  test("an answer that does not come makes it send again, one that does not", () => {
    const shipper = createShipper("e", 1n, path);
    for (const sequence of numbers(1, 3)) shipper.add(frame(sequence));
    sendAll(shipper);
    expect(shipper.nudge()).toBe(false);
    shipper.stored(2);
    expect(shipper.nudge()).toBe(false);
    expect(shipper.nudge()).toBe(true);
    expect(sendAll(shipper)).toEqual([2, 3]);
  });

  test("strange answers change nothing", () => {
    const shipper = createShipper("e", 1n, path);
    for (const sequence of numbers(1, 3)) shipper.add(frame(sequence));
    sendAll(shipper);
    for (const answer of [0, -5, 1]) shipper.stored(answer);
    expect([shipper.allStored(), shipper.lastFrame()]).toEqual([false, 3]);
    shipper.stored(1_000);
    expect([shipper.allStored(), shipper.lastFrame()]).toEqual([true, 3]);
    shipper.add(frame(4));
    expect(sendAll(shipper)).toEqual([4]);
  });

  test("what was on the disk when the runner died is sent by its next boot", () => {
    const before = createShipper("e", 1n, path);
    for (const sequence of numbers(1, 5)) before.add(frame(sequence));
    sendAll(before);
    before.stored(3);
    before.toDisk();
    before.add(frame(6));
    const after = createShipper("e", 1n, path);
    expect(after.lastFrame()).toBe(6);
    expect(sendAll(after)).toEqual([3, 4, 5, 6]);
  });

  test("a frame that was cut off by the crash is as if it had never been written", () => {
    const before = createShipper("e", 1n, path);
    before.toDisk();
    for (const sequence of [1, 2, 3]) before.add(frame(sequence));
    truncateSync(path, readFileSync(path).length - 5);
    expect(sendAll(createShipper("e", 1n, path))).toEqual([1, 2]);
    appendFileSync(path, "rubbish that is longer than a header, so that it has to be looked at");
    expect(sendAll(createShipper("e", 1n, path))).toEqual([1, 2]);
  });

  test("a damaged frame ends the log before it", () => {
    const before = createShipper("e", 1n, path);
    before.toDisk();
    for (const sequence of [1, 2, 3]) before.add(frame(sequence));
    const file = openFrameFile(path);
    const second = file.offsets()[1] ?? 0;
    file.close();
    const bytes = readFileSync(path);
    bytes[second + 50] = (bytes[second + 50] ?? 0) ^ 0xff;
    rmSync(path);
    appendFileSync(path, bytes);
    const after = createShipper("e", 1n, path);
    expect(sendAll(after)).toEqual([1]);
    expect(after.allSent()).toBe(true);
  });
});
