import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderInput } from "#workdir/render-input.ts";
import type { StepInput } from "#workdir/step-input.ts";
import type { CustomCli, Parser } from "#clis/cli.ts";
import { customParser } from "#clis/custom/parse.ts";
import { demoParser } from "#clis/demo/parse.ts";

// What CLIs really printed, line by line, kept as files. The adapters are held to them; the demo CLI, which is at hand, is held
// to its own recording as well. After a wanted change of what it prints: RECORD=1 pnpm unit recordings
const RECORDINGS = join(import.meta.dirname, "../clis/recordings");
const SCRIPT = join(import.meta.dirname, "../../../e2e/agents/agent.py");

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "malamar-recordings-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const INPUT: StepInput = {
  workspaceTitle: "Sample",
  workspaceInstruction: "",
  agentName: "Implementer",
  agentInstruction: "Write what the plan says.",
  otherAgents: ["Planner"],
  runNumber: 1,
  passNumber: 1,
  reason: "The task was created.",
  taskKey: "SAM-1",
  taskSummary: "Say hello",
  taskDescription: "",
  taskKind: "work",
  notes: [],
  comments: [],
  activities: [],
  commentsLeftOut: 0,
  activitiesLeftOut: 0,
  answerSchema: "{}",
};

/** Runs a program on an input, in a folder of its own; what it printed, without the names of this machine. */
function record(command: (promptFile: string) => string[], input: StepInput): string {
  const paths = { directory: folder, output: join(folder, "output.json"), comments: "", activities: "" };
  writeFileSync(join(folder, "input.md"), renderInput(input, paths).text);
  const prompt = `Read the file at ${join(folder, "input.md")} and follow it autonomously.`;
  writeFileSync(join(folder, "prompt.txt"), prompt);
  const [program = "", ...args] = command(join(folder, "prompt.txt"));
  const env = { PATH: process.env["PATH"], MALAMAR_DEMO_PACE: "0", MALAMAR_EXECUTION_ID: "recorded" };
  const ran = spawnSync(program, args, { cwd: folder, env, input: prompt, encoding: "utf8" });
  expect(ran.stderr).toBe("");
  return ran.stdout.replaceAll(folder, "/folder");
}

function recorded(name: string, now: string): string {
  const path = join(RECORDINGS, name);
  if (process.env["RECORD"] !== undefined) writeFileSync(path, now);
  return readFileSync(path, "utf8");
}

function read(parser: Parser, text: string) {
  const lines = text.trimEnd().split("\n");
  return { entries: lines.map((line) => parser.line("stdout", line, true).map((entry) => entry.case)), facts: parser.facts() };
}

test("L12: the demo CLI prints what was recorded of it, and its adapter understands every line of that", () => {
  const now = record(() => [process.execPath, join(import.meta.dirname, "../clis/demo/demo-cli.ts")], INPUT);
  const then = recorded("demo.jsonl", now);
  expect(now).toBe(then);
  const { entries, facts } = read(demoParser(), then);
  expect(entries).toEqual([["message"], ["toolCall"], ["toolResult"], ["message"], []]);
  expect(facts).toMatchObject({ finalLine: "success", fault: null });
});

test("L12: the demo adapter takes a recording that was cut short for what it is", () => {
  const then = readFileSync(join(RECORDINGS, "demo.jsonl"), "utf8");
  const cut = then.slice(0, then.indexOf('{"type":"result"'));
  expect(read(demoParser(), cut).facts.finalLine).toBe("missing");
});

test("L12: a script's recorded JSON lines are understood by the adapter that is data only", () => {
  const cli: CustomCli = {
    command: [],
    promptBy: "file",
    outputFormat: "json_lines",
    successPattern: "^ALL DONE$",
    outcomePatterns: [{ pattern: "^PROVIDER DOWN", fault: "provider_unavailable" }],
    env: {},
    envPass: [],
  };
  writeFileSync(
    join(folder, "Implementer.steps"),
    "write hello.txt Hello ; usage 12 ; print plain words ; print ALL DONE ; comment Done.\n",
  );
  const now = record((promptFile) => ["/usr/bin/python3", SCRIPT, promptFile], { ...INPUT, agentInstruction: `Scenario: ${folder}` });
  const then = recorded("script.jsonl", now);
  expect(now).toBe(then);
  const { entries, facts } = read(customParser(cli), then);
  expect(entries).toEqual([["message"], ["toolCall"], ["toolResult"], ["usage"], [], []]);
  expect(facts).toMatchObject({ finalLine: "success", fault: null, usage: { inputTokens: 12n, outputTokens: 7n } });
});
