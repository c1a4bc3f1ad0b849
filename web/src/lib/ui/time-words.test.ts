import { expect, test } from "vitest";
import { ago, stopwatch } from "./time-words.ts";

test("times are told in the largest whole unit", () => {
  const now = Date.UTC(2026, 10, 20, 12);
  expect(ago(now + 5_000, now)).toBe("just now");
  expect(ago(now - 59_000, now)).toBe("just now");
  expect(ago(now - 61_000, now)).toBe("1 min ago");
  expect(ago(now - 2 * 3_600_000, now)).toBe("2 h ago");
  expect(ago(now - 3 * 86_400_000, now)).toBe("3 d ago");
  expect(ago(now - 30 * 86_400_000, now)).toContain("2026");
});

test("a stopwatch shows hours only when there are some, and never less than nothing", () => {
  expect(stopwatch(-3_000)).toBe("0:00");
  expect(stopwatch(42_900)).toBe("0:42");
  expect(stopwatch(3_723_000)).toBe("1:02:03");
});
