import { assert, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { LONGEST_TIMER, readDuration, readSize, writeDuration } from "./units.ts";

test.each([
  ["30s", 30_000],
  ["5m", 300_000],
  ["1.5h", 5_400_000],
  ["2 d", 172_800_000],
  ["250ms", 250],
  ["0", 0],
  ["1500", 1500],
  [1500, 1500],
])("%j is a duration", (raw, milliseconds) => expect(readDuration(raw)).toBe(milliseconds));

test.each(["", "s", "5 minutes", "-1s", "1e3", "5m30s", "toString", "1constructor", null, true, ["5s"], Number.NaN, Infinity])(
  "%j is no duration",
  (raw) => expect(readDuration(raw)).toBeUndefined(),
);

test.each([
  ["256 MiB", 268_435_456],
  ["1GB", 1e9],
  ["64KiB", 65_536],
  [7, 7],
  ["5m", undefined],
])("%j as a size", (raw, bytes) => expect(readSize(raw)).toBe(bytes));

test("what is written is read back the same", () => {
  assert(property(nat(LONGEST_TIMER), (milliseconds) => readDuration(writeDuration(milliseconds)) === milliseconds));
  expect([0, 1500, 90_000, 86_400_000].map(writeDuration)).toEqual(["0", "1500ms", "90s", "1d"]);
});
