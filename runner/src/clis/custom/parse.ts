import type { CliFacts, CustomCli, LogEntry, Parser, Usage } from "../cli.ts";
import { addUsage, entryOf, jsonObject } from "../json-line.ts";
import { StartFailure } from "#errors/start-failure.ts";

const LONGEST_DETAIL = 500;
const LONGEST_MATCHED = 64 * 1024;

/** Reads the output of a CLI that is described by data: a pattern for success, patterns for faults, JSON lines or text. */
export function customParser(cli: CustomCli): Parser {
  const success = cli.successPattern === "" ? null : expression(cli.successPattern);
  const faults = cli.outcomePatterns.map(({ pattern, fault }) => ({ expression: expression(pattern), fault }));
  let succeeded = false;
  let fault: CliFacts["fault"] = null;
  let faultDetail = "";
  let usage: Usage | null = null;

  function match(text: string, mayMeanSuccess: boolean): void {
    if (mayMeanSuccess && success !== null && !succeeded && success.test(text)) succeeded = true;
    // The first one is the cause, what follows are its consequences.
    if (fault !== null) return;
    const hit = faults.find((each) => each.expression.test(text));
    if (hit === undefined) return;
    fault = hit.fault;
    faultDetail = Array.from(text.trim()).slice(0, LONGEST_DETAIL).join("");
  }

  return {
    line(stream, text, whole): LogEntry[] {
      match(text.slice(0, LONGEST_MATCHED), stream === "stdout");
      if (cli.outputFormat !== "json_lines" || stream !== "stdout" || !whole) return [];
      const fields = jsonObject(text);
      const entry = fields && entryOf(fields);
      if (!entry) return [];
      if (entry.case === "usage") usage = addUsage(usage, entry.value);
      return [entry];
    },
    facts: () => ({
      finalLine: success === null ? "not_expected" : succeeded ? "success" : "missing",
      fault,
      faultDetail,
      faultUntil: null,
      usage,
    }),
  };
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new StartFailure("spawn_failed", `A pattern of the CLI is no regular expression: ${words}. Nothing was started; correct it.`);
  }
}
