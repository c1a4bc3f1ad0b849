import type { CliFacts, LogEntry, Parser, Usage } from "../cli.ts";
import { addUsage, entryOf, jsonObject } from "../json-line.ts";

/** The demo agent prints JSON lines and ends with {"type":"result","success":true}. */
export function demoParser(): Parser {
  let finalLine: CliFacts["finalLine"] = "missing";
  let usage: Usage | null = null;
  return {
    line(stream, text, whole): LogEntry[] {
      const fields = stream === "stdout" && whole ? jsonObject(text) : null;
      if (fields === null) return [];
      if (fields["type"] === "result") finalLine = fields["success"] === true ? "success" : "failure";
      const entry = entryOf(fields);
      if (entry === null) return [];
      if (entry.case === "usage") usage = addUsage(usage, entry.value);
      return [entry];
    },
    facts: () => ({ finalLine, fault: null, faultDetail: "", faultUntil: null, usage }),
  };
}
