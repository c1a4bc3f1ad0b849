import { visibleText } from "./visible-text.ts";

export type Piece = { kind: "text" | "strong" | "code"; text: string } | { kind: "link"; text: string; href: string };
export type Block = { kind: "code"; text: string } | { kind: "text"; pieces: Piece[] };

const FENCE = /^ {0,3}```[^\n`]*$/;
const HEADING = /^#{1,6} +(.+)$/;
const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|(https?:\/\/[^\s<>"'`*]+)/g;

/**
 * The few marks of Markdown that make a text from an agent easier to read: fenced and inline code, bold, headings, plain web addresses.
 * Everything else stays the text it is. The result is data, so nothing in it can become markup.
 */
export function readPlainText(text: string): Block[] {
  const blocks: Block[] = [];
  let code: string[] | undefined;
  let lines: string[] = [];
  const endText = () => {
    const joined = lines.join("\n").replace(/^\n+|\n+$/g, "");
    if (joined !== "") blocks.push({ kind: "text", pieces: joined.split("\n").flatMap(readLine) });
    lines = [];
  };
  for (const line of visibleText(text).split("\n")) {
    if (FENCE.test(line)) {
      endText();
      if (code) blocks.push({ kind: "code", text: code.join("\n") });
      code = code ? undefined : [];
    } else (code ?? lines).push(line);
  }
  endText();
  if (code) blocks.push({ kind: "code", text: code.join("\n") });
  return blocks;
}

function readLine(line: string, index: number): Piece[] {
  const start: Piece[] = index === 0 ? [] : [{ kind: "text", text: "\n" }];
  const heading = HEADING.exec(line)?.[1];
  return heading === undefined ? [...start, ...readInline(line)] : [...start, { kind: "strong", text: heading }];
}

function readInline(line: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of line.matchAll(INLINE)) {
    const [whole, code, strong, address] = match;
    const piece = address === undefined ? mark(code, strong) : link(address);
    if (!piece) continue;
    if (match.index > end) pieces.push({ kind: "text", text: line.slice(end, match.index) });
    pieces.push(piece);
    end = match.index + (piece.kind === "link" ? piece.text.length : whole.length);
  }
  if (end < line.length) pieces.push({ kind: "text", text: line.slice(end) });
  return pieces;
}

function mark(code: string | undefined, strong: string | undefined): Piece {
  return code === undefined ? { kind: "strong", text: strong ?? "" } : { kind: "code", text: code };
}

/** The punctuation after an address belongs to the sentence. */
function link(address: string): Piece | undefined {
  const text = address.replace(/[.,;:!?)\]}]+$/, "");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A name and password before the host make an address look like another one.
  if (!url || url.username !== "" || url.password !== "") return undefined;
  return { kind: "link", text, href: url.href };
}
