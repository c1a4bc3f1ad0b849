import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { type Column, table } from "./table.ts";
import { widthOf } from "./width.ts";

interface Row {
  key: string;
  count: number;
  summary: string;
  extra?: string;
}

const columns: Column<Row>[] = [
  { title: "KEY", value: ({ key }) => key, style: () => "green" },
  { title: "COUNT", value: ({ count }) => String(count), align: "right" },
  { title: "EXTRA", value: ({ extra = "" }) => extra, optional: true },
  { title: "SUMMARY", value: ({ summary }) => summary, flexible: true },
];
const rows: Row[] = [
  { key: "MAL-1", count: 7, summary: "short" },
  { key: "MAL-10", count: 1234, summary: "a summary that goes on and on, and says 世界 in the middle of it" },
];

test("in a pipe every column is there and nothing is cut", () => {
  expect(table(columns, rows, { colour: false, now: 0 })).toBe(
    [
      "KEY     COUNT  EXTRA  SUMMARY",
      "MAL-1       7         short",
      "MAL-10   1234         a summary that goes on and on, and says 世界 in the middle of it",
      "",
    ].join("\n"),
  );
});

test("in a terminal empty columns are left out and the flexible one gives way", () => {
  expect(table(columns, rows, { colour: false, now: 0, columns: 40 })).toBe(
    ["KEY     COUNT  SUMMARY", "MAL-1       7  short", "MAL-10   1234  a summary that goes on a…", ""].join("\n"),
  );
});

test("an optional column goes when the flexible one could not be read any more", () => {
  const filled = rows.map((row) => ({ ...row, extra: "extra extra" }));
  expect(table(columns, filled, { colour: false, now: 0, columns: 60 })).toContain("EXTRA");
  expect(table(columns, filled, { colour: false, now: 0, columns: 50 })).not.toContain("EXTRA");
});

test("no line is wider than the terminal, down to very narrow ones", () => {
  for (let width = 22; width < 100; width += 1) {
    for (const line of table(columns, rows, { colour: true, now: 0, columns: width }).split("\n")) {
      expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(width);
    }
  }
});

test("colour changes nothing but the colour", () => {
  const plain = table(columns, rows, { colour: false, now: 0, columns: 40 });
  const coloured = table(columns, rows, { colour: true, now: 0, columns: 40 });
  expect(coloured).toContain("\u001b[32mMAL-1\u001b[39m");
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test("what an agent wrote cannot colour a cell or fake a row", () => {
  const [row = { key: "", count: 0, summary: "" }] = rows;
  const shown = table(columns, [{ ...row, summary: "\u001b[32mdone\u001b[0m\nMAL-2  all fine" }], { colour: false, now: 0 });
  expect(shown.split("\n")[1]).toBe("MAL-1      7         done\\nMAL-2  all fine");
});
