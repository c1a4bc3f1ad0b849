import { cleanLine } from "./clean.ts";
import { type Look, paint, type Style } from "./look.ts";
import { cut, pad, widthOf } from "./width.ts";

export interface Column<T> {
  title: string;
  value: (item: T, look: Look) => string;
  style?: (item: T) => Style | undefined;
  align?: "left" | "right";
  /** Gives way first when the terminal is narrow. */
  flexible?: boolean;
  /** Left out, the last one first, when a flexible column would become too narrow to be read. */
  optional?: boolean;
}

interface Laid<T> {
  column: Column<T>;
  cells: string[];
  width: number;
}

const GAP = "  ";
const NARROWEST = 6;
const READABLE = 30;

/**
 * One row per item under upper-case titles. In a pipe every column is there and nothing is cut; in a terminal no row is wider than it,
 * and columns with nothing in them are left out.
 */
export function table<T>(columns: readonly Column<T>[], items: readonly T[], look: Look): string {
  const natural = columns.map((column) => {
    const cells = items.map((item) => cleanLine(column.value(item, look)));
    return { column, cells, width: Math.max(widthOf(column.title), ...cells.map((cell) => widthOf(cell))) };
  });
  const laid = look.columns === undefined ? natural : fit(natural, look.columns);
  const line = (texts: readonly string[], styles: readonly (Style | undefined)[]) =>
    texts
      .map((text, index) => {
        const width = laid[index]?.width ?? 0;
        const shown = cut(text, width);
        const padding = pad("", width - widthOf(shown));
        const painted = paint(look, styles[index], shown);
        return laid[index]?.column.align === "right" ? padding + painted : painted + padding;
      })
      .join(GAP)
      .trimEnd();
  const header = line(
    laid.map(({ column }) => column.title),
    laid.map(() => "bold"),
  );
  const rows = items.map((item, row) =>
    line(
      laid.map(({ cells }) => cells[row] ?? ""),
      laid.map(({ column }) => column.style?.(item)),
    ),
  );
  return `${[header, ...rows].join("\n")}\n`;
}

function fit<T>(natural: readonly Laid<T>[], total: number): Laid<T>[] {
  let laid = natural.filter(({ cells }) => cells.some((cell) => cell !== ""));
  const least = () => widthOfAll(laid.map(({ column, width }) => (column.flexible === true ? Math.min(width, READABLE) : width)));
  while (least() > total) {
    const dropped = laid.findLast(({ column }) => column.optional === true);
    if (dropped === undefined) break;
    laid = laid.filter((each) => each !== dropped);
  }
  const shrunk = laid.map((each) => ({ ...each }));
  // From the widest flexible column, and only when all of those are narrow from the others.
  for (const flexible of [true, false]) {
    while (widthOfAll(shrunk.map(({ width }) => width)) > total) {
      const candidates = shrunk.filter(({ column, width }) => width > NARROWEST && (column.flexible ?? false) === flexible);
      const widest = candidates.toSorted((a, b) => b.width - a.width)[0];
      if (widest === undefined) break;
      widest.width -= 1;
    }
  }
  return shrunk;
}

function widthOfAll(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1);
}
