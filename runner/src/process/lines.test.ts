import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LONGEST_LINE, splitLines } from "./lines.ts";

interface Piece {
  text: string;
  continues: boolean;
  bytes: number;
}

function split(chunks: Buffer[]): Piece[] {
  const pieces: Piece[] = [];
  const splitter = splitLines((text, continues, bytes) => pieces.push({ text, continues, bytes }));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return pieces;
}

const texts = (...chunks: (string | Buffer)[]) => split(chunks.map((chunk) => Buffer.from(chunk))).map(({ text }) => text);

describe("splitting output into lines", () => {
  test("does not care where the chunks end", () => {
    expect(texts("one\ntw", "o\n", "\nfour")).toEqual(["one", "two", "", "four"]);
  });

  test("takes both kinds of line end, and keeps a carriage return inside a line", () => {
    expect(texts("dos\r\nunix\nprogress 1\rprogress 2\n")).toEqual(["dos", "unix", "progress 1\rprogress 2"]);
  });

  test("puts a character together that was cut between two chunks", () => {
    const euro = Buffer.from("€");
    expect(texts(euro.subarray(0, 1), euro.subarray(1, 2), euro.subarray(2), "\n")).toEqual(["€"]);
  });

  test("replaces bytes that are no UTF-8", () => {
    expect(texts(Buffer.from([0x61, 0xff, 0x62, 0x0a]))).toEqual(["a\uFFFDb"]);
  });

  test("cuts a long line at a character and says that it continues", () => {
    const pieces = split([Buffer.from(`${"€".repeat(50_000)}\n`)]);
    expect(pieces.map(({ continues }) => continues)).toEqual([true, true, false]);
    expect(pieces.map(({ text }) => text).join("")).toBe("€".repeat(50_000));
    for (const { bytes } of pieces) expect(bytes).toBeLessThanOrEqual(LONGEST_LINE);
  });

  test("a line of exactly the longest length is one piece", () => {
    expect(split([Buffer.from(`${"x".repeat(LONGEST_LINE)}\n`)])).toEqual([
      { text: "x".repeat(LONGEST_LINE), continues: false, bytes: LONGEST_LINE + 1 },
    ]);
  });

  test("long runs of bytes that are no UTF-8 are cut as well", () => {
    const pieces = split([Buffer.alloc(LONGEST_LINE * 2 + 10, 0x80)]);
    expect(pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(LONGEST_LINE * 2 + 10);
  });

  test("any bytes in any chunks give the same lines as all at once, and every byte counts once", () => {
    const bytes = fc.array(fc.oneof(fc.constant("\n"), fc.constant("\r\n"), fc.string({ unit: "binary" }), fc.constant("€")), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(200), { maxLength: 20 }), (parts, cuts) => {
        const all = Buffer.from(parts.join(""));
        const ends = [...new Set([...cuts.map((cut) => Math.min(cut, all.length)), all.length])].toSorted((a, b) => a - b);
        const chunks = ends.map((end, at) => all.subarray(ends[at - 1] ?? 0, end));
        const pieces = split(chunks);
        expect(pieces).toEqual(split([all]));
        expect(pieces.reduce((sum, piece) => sum + piece.bytes, 0)).toBe(all.length);
        const wanted = all.toString("utf8").split("\n");
        if (wanted.at(-1) === "") wanted.pop();
        expect(pieces.map(({ text }) => text)).toEqual(
          wanted.map((line, at) => (at < wanted.length - 1 || all.at(-1) === 10 ? line.replace(/\r$/, "") : line)),
        );
      }),
    );
  });
});
