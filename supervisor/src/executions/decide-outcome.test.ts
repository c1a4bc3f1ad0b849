import { expect, test } from "vitest";
import { decideOutcome } from "./decide-outcome.ts";
import type { Report } from "./report.ts";

const SKIP = new TextEncoder().encode('{"actions":[{"type":"skip"}]}');
const report = (differs: Partial<Report>): Report => ({
  executionId: "e",
  fence: 1,
  cause: "exited",
  exitCode: 0,
  signal: "",
  answerState: "present",
  answer: SKIP,
  error: "",
  stderrTail: "",
  finalLine: "not_expected",
  fault: null,
  faultDetail: "",
  faultUntil: null,
  usage: { inputTokens: null, outputTokens: null, cachedTokens: null, cost: null },
  lastLogFrame: 0,
  containment: null,
  startedAt: 0,
  endedAt: 1,
  sha256: "",
  ...differs,
});

test.each<[string, Partial<Report>, string, string]>([
  ["a valid answer and exit 0", {}, "finished", ""],
  ["a valid answer and our own stop after the grace", { cause: "finish_grace", exitCode: null, signal: "SIGKILL" }, "finished", ""],
  ["a valid answer and its own final line", { finalLine: "success" }, "finished", ""],
  ["a valid answer, but its final line says it failed", { finalLine: "failure" }, "bad_output", "failed"],
  ["a valid answer, but no final line", { finalLine: "missing" }, "bad_output", "cut short"],
  ["exit 3", { exitCode: 3, stderrTail: "boom" }, "exit_nonzero", "code 3. Its last words on stderr:\nboom"],
  ["a signal", { exitCode: null, signal: "SIGSEGV" }, "exit_nonzero", "SIGSEGV"],
  ["exit 3 with a valid answer", { exitCode: 3 }, "exit_nonzero", "code 3"],
  ["no answer file", { answerState: "missing" }, "bad_output", "without writing its answer"],
  ["an empty answer file", { answerState: "empty" }, "bad_output", "empty"],
  ["a link instead of an answer", { answerState: "not_a_file" }, "bad_output", "regular file"],
  ["a huge answer", { answerState: "too_large" }, "bad_output", "4 MiB"],
  ["no JSON", { answer: new TextEncoder().encode("hello") }, "bad_output", "not JSON"],
  ["invalid UTF-8", { answer: Uint8Array.of(0xff, 0xfe) }, "bad_output", "not JSON"],
  ["a known fault and a failure", { exitCode: 1, fault: "auth", faultDetail: "log in" }, "auth", "log in"],
  ["a known fault, exit 0 and no answer", { answerState: "missing", fault: "rate_limited" }, "rate_limited", ""],
  ["a fault that the CLI got over", { fault: "rate_limited" }, "finished", ""],
  ["the time limit", { cause: "time_limit", exitCode: null }, "timeout", "time limit"],
  ["silence", { cause: "silence_limit", exitCode: null }, "timeout", "printed nothing"],
  ["a cancel", { cause: "cancelled", exitCode: 0 }, "cancelled", "on request"],
  ["a stop of Malamar", { cause: "supervisor_stopping" }, "supervisor_stopping", ""],
  ["a missing program", { cause: "cli_missing", error: "no claude" }, "cli_missing", "no claude"],
  ["a missing directory", { cause: "directory_missing", error: "/gone is gone" }, "spawn_failed", "/gone is gone"],
  ["a full disk", { cause: "disk_full" }, "disk_full", "full"],
])("%s is told apart", (_what, facts, outcome, detail) => {
  const decided = decideOutcome(report(facts));
  expect(decided.outcome).toBe(outcome);
  expect(decided.detail).toContain(detail);
  expect(decided.actions).toEqual(outcome === "finished" ? [{ type: "skip" }] : []);
});
