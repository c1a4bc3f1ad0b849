import { expect, test } from "vitest";
import { durationOf, durationText, secondsOf } from "./duration.ts";

test.each([
  ["90s", 90],
  ["5m", 300],
  ["2h30m", 9000],
  ["1d", 86_400],
  ["0s", 0],
])("%s is read as %i seconds", (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test.each(["", "5", "m", "5 m", "-5m", "5m!", "5mm", "1.5h"])("%j is no duration", (text) => {
  expect(() => secondsOf(text)).toThrow("Write it like 90s, 5m, 2h30m or 1d.");
});

test.each(["1s", "5m", "1h30m", "2d1s"])("%s is written the way it was read", (text) => {
  expect(durationText(durationOf(secondsOf(text)), "none", "default")).toBe(text);
});

test("zero and not set have their own words", () => {
  expect(durationText(durationOf(0), "never", "default")).toBe("never");
  expect(durationText(undefined, "never", "default")).toBe("default");
});
