import { expect, test } from "vitest";
import { cleanLine, cleanText, escapeInQuotes } from "./clean.ts";

test.each([
  ["plain text stays", "Grüße, 世界 👩‍👩‍👧 – \tfine\nnext", "Grüße, 世界 👩‍👩‍👧 – \tfine\nnext"],
  ["a colour", "\u001b[31mred\u001b[0m", "red"],
  ["a colour with an 8-bit introducer", "\u009b31mred\u009b0m", "red"],
  ["a colour with colons and intermediates", "\u001b[38:2::255:0:0mred\u001b[0 q", "red"],
  ["clearing the screen", "a\u001b[2J\u001b[Hb", "ab"],
  ["a window title, ended by BEL", "\u001b]0;owned\u0007text", "text"],
  ["a window title, ended by ST", "\u001b]0;owned\u001b\\text", "text"],
  ["a window title in 8 bits", "\u009d0;owned\u009ctext", "text"],
  ["a link", "\u001b]8;;http://evil.test\u001b\\click\u001b]8;;\u001b\\", "click"],
  ["the clipboard", "\u001b]52;c;c3VkbyBybSAtcmY=\u0007", ""],
  ["a device control string", "\u001bP$q m\u001b\\x", "x"],
  ["APC, PM and SOS", "\u001b_a\u001b\\\u001b^b\u001b\\\u001bXc\u001b\\d", "d"],
  ["APC, PM, SOS and DCS in 8 bits", "\u009fa\u009c\u009eb\u009c\u0098c\u009c\u0090d\u009ce", "e"],
  ["a control string without an end keeps its text", "\u001b]0;half a title", "0;half a title"],
  ["a control string broken off by another escape", "\u001b]0;one\u001b[31mtwo", "0;onetwo"],
  ["a reset", "\u001bcgone", "gone"],
  ["choosing a character set", "\u001b(0qqq\u001b)B", "qqq"],
  ["saving the cursor", "\u001b7x\u001b8", "x"],
  ["a lone escape at the end", "x\u001b", "x"],
  ["an escape hidden in an escape", "\u001b\u001b[31m[31mx", "31mx"],
  ["an unfinished sequence", "x\u001b[31", "x31"],
  ["overwriting a line", "safe\rrm -rf", "saferm -rf"],
  ["a Windows line end", "a\r\nb", "a\nb"],
  ["backspaces", "ab\b\bcd", "abcd"],
  ["bell, null and the other C0", "a\u0000\u0007\u000b\u000c\u000e\u001f\u007fb", "ab"],
  ["C1", "a\u0080\u0085\u008d\u009ab", "ab"],
  ["turning the order of letters round", "user\u202Etxt.exe\u202C", "user<U+202E>txt.exe<U+202C>"],
  ["isolates and marks", "\u2066a\u2069\u200e\u200f\u061c", "<U+2066>a<U+2069><U+200E><U+200F><U+061C>"],
])("%s", (_title, text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test("a line has no line end left that could fake a second one", () => {
  expect(cleanLine("one\r\ntwo\tthree\n")).toBe("one\\ntwo three\\n");
});

const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const PIECES = [
  "\u001b",
  "[",
  "]",
  "P",
  "\\",
  "\u009b",
  "\u009c",
  "\u009d",
  "\u0007",
  "\u0090",
  "0;",
  "m",
  "\r",
  "\n",
  "\u202e",
  "a",
  "é",
  "\ud800",
];

/** Small numbers that look random and are the same in every run. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let x = seed; ;) {
    x = (x * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield x;
  }
}

test("no mixture of pieces leaves anything that steers a terminal", () => {
  const numbers = pseudoRandom(42);
  for (let round = 0; round < 20_000; round += 1) {
    const text = Array.from({ length: 12 }, () => PIECES[numbers.next().value % PIECES.length]).join("");
    expect(STEERS.test(cleanText(text)), JSON.stringify(text)).toBe(false);
  }
});

test("a megabyte of unfinished sequences takes no more than a moment", () => {
  const since = performance.now();
  for (const piece of ["\u001b]", "\u001b[", "\u001b]0;\u001b", "\u009d", "\u001b[0 "]) cleanText(piece.repeat(250_000));
  expect(performance.now() - since).toBeLessThan(5000);
});

test("in a JSON document what steers a terminal is written as an escape, and reads back the same", () => {
  const value = { text: "\u001b[31m \u009b31m \u202e \u007f \u2028 é" };
  const document = escapeInQuotes(JSON.stringify(value));
  expect(document).toBe('{"text":"\\u001b[31m \\u009b31m \\u202e \\u007f \\u2028 é"}');
  expect(JSON.parse(document)).toEqual(value);
});
