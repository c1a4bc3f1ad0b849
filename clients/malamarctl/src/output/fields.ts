import { cleanLine, cleanText } from "./clean.ts";
import { type Look, paint, type Style } from "./look.ts";
import { pad, widthOf } from "./width.ts";

export interface Field {
  title: string;
  value: string;
  style?: Style | undefined;
}

/** A longer text, e.g. an instruction, under its own title. */
export interface Section {
  title: string;
  text: string;
}

/** One thing in full: short facts side by side with their titles, longer texts below. What is empty is left out. */
export function fields(facts: readonly Field[], sections: readonly Section[], look: Look): string {
  const shown = facts.filter(({ value }) => value !== "");
  const width = Math.max(0, ...shown.map(({ title }) => widthOf(title)));
  const lines = shown.map(({ title, value, style }) => {
    return `${paint(look, "dim", pad(title, width))}  ${paint(look, style, cleanLine(value))}`;
  });
  const blocks = sections
    .filter(({ text }) => text.trim() !== "")
    .map(({ title, text }) => `\n${paint(look, "bold", title)}\n${cleanText(text).trimEnd()}`);
  return `${[...lines, ...blocks].join("\n")}\n`;
}
