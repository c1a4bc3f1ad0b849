import { expect, test } from "vitest";
import { cut, pad, widthOf } from "./width.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["Grüße", 5],
  ["u\u0308", 1],
  ["世界", 4],
  ["한국어", 6],
  ["ﾊﾝ", 2],
  ["👩‍👩‍👧", 2],
  ["🇩🇪", 2],
  ["❤️", 2],
  ["–…", 2],
  ["\u200b", 0],
])("%j takes %i columns", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test.each([
  ["short", 5, "short"],
  ["longer", 5, "long…"],
  ["two words", 5, "two…"],
  ["世界和平", 5, "世界…"],
  ["世界和平", 4, "世…"],
  ["👩‍👩‍👧👩‍👩‍👧", 3, "👩‍👩‍👧…"],
  ["abc", 1, "…"],
  ["abc", 0, ""],
])("%j cut to %i columns is %j", (text, columns, expected) => {
  const shown = cut(text, columns);
  expect(shown).toBe(expected);
  expect(widthOf(shown)).toBeLessThanOrEqual(columns);
});

test("padding counts columns, not letters", () => {
  expect(`${pad("世界", 6)}|`).toBe("世界  |");
});
