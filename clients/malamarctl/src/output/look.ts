import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** What the place that output goes to can show. */
export interface Look {
  /** Columns of the terminal; not set = a pipe or a file, in which nothing is cut. */
  columns?: number | undefined;
  colour: boolean;
  /** Unix milliseconds, for "3m ago". */
  now: number;
}

export function paint(look: Look, style: Style | undefined, text: string): string {
  return look.colour && style !== undefined && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}
