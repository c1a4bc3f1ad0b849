import { expect, test } from "vitest";
import { BALLAST_BYTES, type DiskSight, type DiskState, diskWords, nextDiskState, reserveOf } from "./disk-state.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const at = (level: DiskState["level"]): DiskState => ({ level, since: 1, free: 0, reserve: 0 });
const sight = (free: number, more: Partial<DiskSight> = {}): DiskSight => ({
  free,
  total: 100 * GIB,
  ballast: true,
  failed: false,
  ...more,
});
const after = (before: DiskState["level"], seen: DiskSight, setting: number | "auto" = 100 * MIB) =>
  nextDiskState(at(before), seen, setting, 2).level;

test("200 MiB are kept free, less on a small disk, and whatever a person says", () => {
  expect(reserveOf("auto", 100 * GIB)).toBe(200 * MIB);
  expect(reserveOf("auto", 4 * GIB)).toBe(Math.floor((4 * GIB) / 100));
  expect(reserveOf(5 * GIB, 4 * GIB)).toBe(5 * GIB);
});

test("below the reserve the disk is low; it is ok again a little above it, so that it does not swing", () => {
  expect(after("ok", sight(100 * MIB))).toBe("ok");
  expect(after("ok", sight(100 * MIB - 1))).toBe("low");
  expect(after("low", sight(104 * MIB))).toBe("low");
  expect(after("low", sight(105 * MIB))).toBe("ok");
});

test("a ballast that is missing counts as used, so that bringing it back changes nothing", () => {
  expect(after("ok", sight(100 * MIB + BALLAST_BYTES - 1, { ballast: false }))).toBe("low");
  expect(after("ok", sight(100 * MIB + BALLAST_BYTES, { ballast: false }))).toBe("ok");
});

test("after a failed write the disk is full until the ballast is back, whatever is said to be free", () => {
  expect(after("ok", sight(90 * GIB, { failed: true }))).toBe("full");
  expect(after("full", sight(90 * GIB, { ballast: false }))).toBe("full");
  expect(after("full", sight(99 * MIB))).toBe("full");
  expect(after("full", sight(100 * MIB))).toBe("ok");
});

test("a level remembers since when, and says what to do in figures", () => {
  const low = nextDiskState(at("ok"), sight(20 * MIB), 100 * MIB, 7);
  expect(low).toEqual({ level: "low", since: 7, free: 20 * MIB, reserve: 100 * MIB });
  expect(nextDiskState(low, sight(10 * MIB), 100 * MIB, 9).since).toBe(7);
  expect(diskWords(low)).toMatch(/is nearly full: 20 MiB are free, and below 100 MiB nothing is started\. Free some space/);
  expect(diskWords({ ...low, level: "full" })).toMatch(/is full: .* 116 MiB are needed to go on\. Free some space/);
  expect(diskWords({ ...low, level: "ok" })).toBe("");
});
