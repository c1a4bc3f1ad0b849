import { parseAnswer } from "./answer.ts";
import type { Action, Outcome } from "./execution.ts";
import type { AnswerState, EndCause, Report } from "./report.ts";

export interface Decided {
  outcome: Exclude<Outcome, "none">;
  /** Why, one or two sentences for people and for the agent that tries again. Empty when finished. */
  detail: string;
  actions: Action[];
}

/**
 * What a runner's facts mean. The first cause wins; text never decides except where the adapter turned it into a fact.
 * Finished = a valid answer, and the CLI's own final line where it has one, and exit 0 or our own stop after the grace.
 */
export function decideOutcome(report: Report): Decided {
  const byCause = BY_CAUSE[report.cause](report);
  if (byCause !== undefined) return { ...byCause, actions: [] };

  const failed = report.exitCode !== 0 && report.cause !== "finish_grace";
  const unanswered = report.finalLine === "failure" || report.finalLine === "missing" || report.answerState !== "present";
  // A CLI may exit with 0 although its provider refused; a warning beside a good answer is no fault.
  if ((failed || unanswered) && report.fault !== null) return { outcome: report.fault, detail: report.faultDetail, actions: [] };
  if (failed) return { outcome: "exit_nonzero", detail: exitWords(report), actions: [] };
  if (report.finalLine === "failure") return bad("The CLI said itself that it failed.");
  if (report.finalLine === "missing") return bad("The CLI ended without its own final line, so its work was cut short.");
  if (report.answerState !== "present") return bad(ANSWER_WORDS[report.answerState]);
  const parsed = parseAnswer(decodeText(report.answer));
  return "wrong" in parsed ? bad(parsed.wrong) : { outcome: "finished", detail: "", actions: parsed.actions };
}

const bad = (detail: string): Decided => ({ outcome: "bad_output", detail, actions: [] });

type ByCause = (report: Report) => Omit<Decided, "actions"> | undefined;
const BY_CAUSE: Record<EndCause, ByCause> = {
  exited: () => undefined,
  finish_grace: () => undefined,
  time_limit: () => ({ outcome: "timeout", detail: "It ran longer than its time limit and was ended." }),
  silence_limit: () => ({ outcome: "timeout", detail: "It printed nothing for longer than its silence limit and was ended." }),
  cancelled: () => ({ outcome: "cancelled", detail: "It was stopped on request." }),
  supervisor_stopping: () => ({ outcome: "supervisor_stopping", detail: "Malamar was stopped; the step starts again with it." }),
  cli_missing: (report) => ({ outcome: "cli_missing", detail: report.error }),
  directory_missing: (report) => ({ outcome: "spawn_failed", detail: report.error }),
  spawn_failed: (report) => ({ outcome: "spawn_failed", detail: report.error }),
  disk_full: (report) => ({ outcome: "disk_full", detail: report.error || "The disk is full." }),
};

const ANSWER_WORDS: Record<Exclude<AnswerState, "present">, string> = {
  missing: "It ended without writing its answer file.",
  empty: "The answer file is empty.",
  not_a_file: "The answer is not a regular file of its own (a link, a pipe or a folder).",
  too_large: "The answer file is larger than 4 MiB.",
};

function exitWords({ exitCode, signal, stderrTail }: Report): string {
  const how = exitCode === null ? `It was ended by ${signal || "a signal"}.` : `It exited with code ${exitCode}.`;
  const tail = stderrTail.trim();
  return tail === "" ? how : `${how} Its last words on stderr:\n${tail}`;
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}
