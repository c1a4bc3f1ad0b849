import { type LogEntry, type LogLine, LogStream } from "@malamar/proto/malamar/v1/log_pb";
import { cleanLine, cleanText } from "#output/clean.ts";
import { type Look, paint } from "#output/look.ts";
import { iso } from "#output/time.ts";
import { cut } from "#output/width.ts";
import { usageText } from "#views/execution.ts";

const RESULT_LINES = 12;
const CALL_WIDTH = 200;

/** A line of a log for people: what the agent did where the line could be understood, else the line itself. Ends with a line end. */
export function logText(line: LogLine, look: Look, withTimes: boolean): string {
  const texts = line.entries.length === 0 ? [plain(line, look)] : line.entries.map((entry) => entryText(entry, look));
  const time = withTimes && line.time !== undefined ? `${paint(look, "dim", iso(line.time))} ` : "";
  return texts
    .filter((text) => text !== "")
    .map((text) => `${time}${text}\n`)
    .join("");
}

/** A line exactly as the CLI printed it. Into a terminal it goes without what would steer that. */
export function rawText({ text, continues }: LogLine, isTerminal: boolean): string {
  return `${isTerminal ? cleanText(text) : text}${continues ? "" : "\n"}`;
}

function plain({ stream, text }: LogLine, look: Look): string {
  // A line end inside a line would let the rest of it pass for something that Malamar says.
  const clean = cleanLine(text);
  if (stream === LogStream.SYSTEM) return paint(look, "yellow", `malamar: ${clean}`);
  return stream === LogStream.STDERR ? `${paint(look, "red", "!")} ${clean}` : clean;
}

function entryText({ entry }: LogEntry, look: Look): string {
  switch (entry.case) {
    case "message":
      return cleanText(entry.value.text).trimEnd();
    case "thinking":
      return paint(look, "dim", indent(entry.value.text, "~ "));
    case "toolCall":
      return `${paint(look, "cyan", `> ${cleanLine(entry.value.name)}`)} ${short(entry.value.input, look)}`.trimEnd();
    case "toolResult": {
      const lines = cleanText(entry.value.output).trimEnd().split("\n");
      const shown = lines.slice(0, RESULT_LINES).join("\n");
      const rest = lines.length - RESULT_LINES;
      const text = indent(rest > 0 ? `${shown}\n… ${rest} more lines` : shown, "  ");
      return paint(look, entry.value.isError ? "red" : "dim", text);
    }
    case "usage":
      return paint(look, "dim", `= ${usageText(entry.value)}`);
    case "retry":
      return paint(look, "yellow", `retry ${entry.value.attempt}: ${cleanLine(entry.value.reason)}`);
    case "error":
      return paint(look, "red", indent(`error: ${entry.value.text}`, ""));
    case "edit":
      return `${paint(look, "cyan", `> edit ${cleanLine(entry.value.path)}`)}${entry.value.diff === "" ? "" : `\n${indent(entry.value.diff, "  ")}`}`;
    case "plan":
      return entry.value.items.map(({ text, done }) => `[${done ? "x" : " "}] ${cleanLine(text)}`).join("\n");
    default:
      // A newer server knows more kinds.
      return "";
  }
}

function indent(text: string, by: string): string {
  return cleanText(text)
    .trimEnd()
    .split("\n")
    .map((line) => `${by}${line}`)
    .join("\n");
}

function short(text: string, { columns }: Look): string {
  return cut(cleanLine(text), columns === undefined ? CALL_WIDTH : Math.max(20, columns - 20));
}
