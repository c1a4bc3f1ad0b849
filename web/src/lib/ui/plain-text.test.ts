import { expect, test } from "vitest";
import { readPlainText, type Block } from "./plain-text.ts";

const links = (blocks: Block[]) =>
  blocks.flatMap((block) => (block.kind === "text" ? block.pieces : [])).flatMap((piece) => (piece.kind === "link" ? [piece] : []));
const shown = (blocks: Block[]) =>
  blocks.map((block) => (block.kind === "code" ? block.text : block.pieces.map((piece) => piece.text).join(""))).join("\n");

test("fenced code becomes its own block, also when its fence is never closed", () => {
  expect(readPlainText("Before\n\n```ts\nlet a = 1;\n```\n\nAfter")).toEqual([
    { kind: "text", pieces: [{ kind: "text", text: "Before" }] },
    { kind: "code", text: "let a = 1;" },
    { kind: "text", pieces: [{ kind: "text", text: "After" }] },
  ]);
  expect(readPlainText("```\nopen")).toEqual([{ kind: "code", text: "open" }]);
});

test("code, bold and headings lose their marks and nothing else", () => {
  expect(readPlainText("## Plan\nUse `a*b` and **bold**, 2*3*4.")[0]).toEqual({
    kind: "text",
    pieces: [
      { kind: "strong", text: "Plan" },
      { kind: "text", text: "\n" },
      { kind: "text", text: "Use " },
      { kind: "code", text: "a*b" },
      { kind: "text", text: " and " },
      { kind: "strong", text: "bold" },
      { kind: "text", text: ", 2*3*4." },
    ],
  });
});

test("a plain address is a link to exactly what is shown, without the sentence's full stop", () => {
  expect(links(readPlainText("See https://example.com/a?b=1. And (http://example.org)!"))).toEqual([
    { kind: "link", text: "https://example.com/a?b=1", href: "https://example.com/a?b=1" },
    { kind: "link", text: "http://example.org", href: "http://example.org/" },
  ]);
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "[click](javascript:alert(1))",
  "![image](file:///etc/passwd)",
  "vbscript:x",
  "https://paypal.com@evil.example/login",
  "https://user:secret@evil.example",
  "https://",
  '<a href="javascript:alert(1)">x</a>',
])("%s is no link and stays text", (text) => {
  expect(links(readPlainText(text))).toEqual([]);
  expect(shown(readPlainText(text))).toBe(text);
});

test("markup stays text, letter by letter", () => {
  const text = "<img src=x onerror=alert(1)> <script>alert(1)</script> &lt;b&gt; <!-- --> {@html x}";
  expect(readPlainText(text)).toEqual([{ kind: "text", pieces: [{ kind: "text", text }] }]);
});

test("characters that act are shown or gone", () => {
  expect(shown(readPlainText("a\u202eb\u0007c"))).toBe("a⟨U+202E⟩bc");
});

test("a megabyte of half-finished marks is read in a moment", () => {
  for (const part of ["**", "`", "**a`", "https://", "```", "# ", "*`*`**"]) {
    const since = performance.now();
    readPlainText(part.repeat(1_000_000 / part.length));
    expect(performance.now() - since).toBeLessThan(2_000);
  }
});
