import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { between, exactly, length, relative, span } from "./time.ts";

const NOW = Date.UTC(2026, 10, 20, 12);

test.each([
  [0, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [190_000, "3m"],
  [600_000, "10m"],
  [3_599_999, "59m"],
  [3_600_000, "1h"],
  [47 * 3_600_000, "47h"],
  [48 * 3_600_000, "2d"],
])("%i ms are %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

test.each([
  [0, "0.0s"],
  [449, "0.4s"],
  [9999, "9.9s"],
  [10_000, "10s"],
  [60_000, "1m"],
  [190_000, "3m10s"],
  [600_000, "10m"],
  [3_600_000, "1h"],
  [7_500_000, "2h5m"],
  [36_000_000, "10h"],
  [50 * 3_600_000, "2d"],
])("a length of %i ms is %s", (ms, text) => {
  expect(length(ms)).toBe(text);
});

test("a time is told from now", () => {
  expect(relative(timestampFromMs(NOW - 180_000), NOW)).toBe("3m ago");
  expect(relative(timestampFromMs(NOW + 7_200_000), NOW)).toBe("in 2h");
  expect(relative(timestampFromMs(NOW - 900), NOW)).toBe("now");
  expect(relative(undefined, NOW)).toBe("");
  expect(exactly(timestampFromMs(NOW - 180_000), NOW)).toBe("3m ago (2026-11-20T11:57:00Z)");
});

test("a span that goes on lasts until now, and clocks that differ make none negative", () => {
  expect(between(timestampFromMs(NOW - 45_000), undefined, NOW)).toBe("45s");
  expect(between(timestampFromMs(NOW - 45_000), timestampFromMs(NOW - 30_000), NOW)).toBe("15s");
  expect(between(timestampFromMs(NOW + 5000), undefined, NOW)).toBe("0.0s");
  expect(between(undefined, undefined, NOW)).toBe("");
});
