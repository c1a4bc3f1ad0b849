import type { LogEntry, LogLine } from "@malamar/proto/malamar/v1/log_pb";
import { visibleText } from "#lib/ui/visible-text.ts";

// Colours and cursor movements of a terminal: CSI, OSC and single-character escapes.
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** One line of a log as plain text: what the CLI's adapter understood of it, otherwise the line itself. */
export function logText(line: LogLine): string {
  const understood = line.entries.map(entryText).filter((text) => text !== "");
  return visibleText((understood.length > 0 ? understood.join("\n") : line.text).replace(ESCAPES, ""));
}

function entryText({ entry }: LogEntry): string {
  switch (entry.case) {
    case "message":
    case "thinking":
    case "error":
      return entry.value.text;
    case "toolCall":
      return `→ ${entry.value.name} ${entry.value.input}`.trim();
    case "toolResult":
      return `${entry.value.isError ? "✗" : "←"} ${entry.value.output}`.trim();
    case "edit":
      return `✎ ${entry.value.path}`;
    case "retry":
      return `Attempt ${entry.value.attempt}: ${entry.value.reason}`;
    case "plan":
      return entry.value.items.map((item) => `${item.done ? "☑" : "☐"} ${item.text}`).join("\n");
    case "usage":
    case undefined:
      return "";
    default:
      return "";
  }
}
