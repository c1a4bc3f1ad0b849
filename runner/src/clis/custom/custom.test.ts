import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CliStart, CustomCli, LogEntry } from "../cli.ts";
import { customCommand } from "./command.ts";
import { customParser } from "./parse.ts";

const START: CliStart = {
  executionId: "exec1",
  model: "big",
  inputPath: "/e/input.md",
  outputPath: "/e/output.json",
  promptPath: "/e/prompt.txt",
  prompt: "Read it.",
  node: "/node",
  demoCli: "/demo",
};

const cli = (some: Partial<CustomCli>): CustomCli => ({
  command: ["tool"],
  promptBy: "stdin",
  outputFormat: "text",
  successPattern: "",
  outcomePatterns: [],
  env: {},
  envPass: [],
  ...some,
});

describe("the command of a CLI that is described by data", () => {
  test("replaces every placeholder, also inside a word, and never splits an argument", () => {
    const command = ["tool", "--in={input}", "{output}", "{model} x {model}", "{execution_id}", "{prompt_file}", "{prompt}"];
    expect(customCommand(START, cli({ command })).args).toEqual([
      "--in=/e/input.md",
      "/e/output.json",
      "big x big",
      "exec1",
      "/e/prompt.txt",
      "Read it.",
    ]);
  });

  test("does not look for placeholders in what it has put in", () => {
    expect(customCommand({ ...START, model: "{prompt}" }, cli({ command: ["tool", "{model}"] })).args).toEqual(["{prompt}"]);
  });

  test("leaves braces alone that are no placeholder", () => {
    const args = ['{"a":1}', "${HOME}", "{}", "{0}"];
    expect(customCommand(START, cli({ command: ["tool", ...args] })).args).toEqual(args);
  });

  test.each([
    ["stdin", [], "Read it."],
    ["argument", ["Read it."], null],
    ["file", ["/e/prompt.txt"], null],
  ] as const)("gives the prompt by %s", (promptBy, args, stdin) => {
    expect(customCommand(START, cli({ promptBy }))).toMatchObject({ program: "tool", args, stdin });
  });

  test("adds no prompt where the template has it already", () => {
    expect(customCommand(START, cli({ command: ["tool", "-p", "{prompt}", "-v"], promptBy: "argument" })).args).toEqual([
      "-p",
      "Read it.",
      "-v",
    ]);
    expect(customCommand(START, cli({ command: ["tool", "@{input}"], promptBy: "file" })).args).toEqual(["@/e/input.md"]);
  });

  test("refuses an empty command and an unknown placeholder with words", () => {
    expect(() => customCommand(START, cli({ command: [] }))).toThrow(/command is empty/);
    expect(() => customCommand(START, cli({ command: ["tool", "{secret}"] }))).toThrow(/\{secret\}.*does not exist.*\{input\}/);
  });
});

describe("the output of a CLI that is described by data", () => {
  const read = (some: Partial<CustomCli>, ...lines: string[]) => {
    const parser = customParser(cli(some));
    const entries = lines.flatMap((line) => parser.line("stdout", line, true));
    return { entries, facts: parser.facts() };
  };
  const jsonEntries = (...lines: object[]): LogEntry[] =>
    read({ outputFormat: "json_lines" }, ...lines.map((line) => JSON.stringify(line))).entries;

  test("text stays text", () => {
    expect(read({}, '{"type":"message","text":"hi"}').entries).toEqual([]);
  });

  test("JSON lines are understood in both spellings, anything else stays text", () => {
    expect(
      jsonEntries(
        { type: "message", text: "hi" },
        { type: "tool_call", id: 1, name: "ls", input: { path: "." } },
        { type: "tool_result", id: "1", output: ["a"], isError: true },
        { type: "usage", input_tokens: 3, outputTokens: 4 },
        { type: "plan", items: [{ text: "one", done: true }, "two"] },
        { type: "unknown", text: "x" },
        { type: "__proto__" },
        { type: "toString" },
        { text: "no type" },
        [1],
      ),
    ).toEqual([
      { case: "message", value: { text: "hi" } },
      { case: "toolCall", value: { id: "1", name: "ls", input: '{"path":"."}' } },
      { case: "toolResult", value: { id: "1", output: '["a"]', isError: true } },
      { case: "usage", value: { inputTokens: 3n, outputTokens: 4n } },
      {
        case: "plan",
        value: {
          items: [
            { text: "one", done: true },
            { text: "two", done: false },
          ],
        },
      },
    ]);
  });

  test("usage adds up, and what was never said stays unknown", () => {
    const { facts } = read(
      { outputFormat: "json_lines" },
      '{"type":"usage","input_tokens":3,"cost":0.5}',
      '{"type":"usage","input_tokens":4,"output_tokens":-1,"cost":"much"}',
    );
    expect(facts.usage).toEqual({ inputTokens: 7n, cost: 0.5 });
  });

  test("success is a line of stdout that matches", () => {
    expect(read({}).facts.finalLine).toBe("not_expected");
    expect(read({ successPattern: "^DONE" }, "not DONE").facts.finalLine).toBe("missing");
    expect(read({ successPattern: "^DONE" }, "DONE.", "more").facts.finalLine).toBe("success");
    const parser = customParser(cli({ successPattern: "^DONE" }));
    parser.line("stderr", "DONE", true);
    expect(parser.facts().finalLine).toBe("missing");
  });

  test("B14: the first fault counts, on either stream", () => {
    const outcomePatterns = [
      { pattern: "quota exceeded", fault: "usage_limit" },
      { pattern: "\\b429\\b", fault: "rate_limited" },
    ] as const;
    const parser = customParser(cli({ outcomePatterns: [...outcomePatterns] }));
    parser.line("stderr", "  HTTP 429: slow down ", true);
    parser.line("stdout", "quota exceeded", true);
    expect(parser.facts()).toMatchObject({ fault: "rate_limited", faultDetail: "HTTP 429: slow down" });
  });

  test("a pattern that is none is refused with words", () => {
    expect(() => customParser(cli({ successPattern: "(" }))).toThrow(/no regular expression/);
  });

  test("no line, however strange, makes the reader fail", () => {
    const parser = customParser(cli({ outputFormat: "json_lines", successPattern: "x" }));
    const type = fc.constantFrom("message", "usage", "plan", "retry", "tool_call", "tool_result", "edit", "error", "thinking");
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(type, fc.dictionary(fc.constantFrom("text", "items", "id", "attempt", "input_tokens", "cost"), fc.jsonValue()))
        .map(([of, rest]) => JSON.stringify({ ...rest, type: of })),
    );
    fc.assert(
      fc.property(line, (text) => {
        expect(parser.line("stdout", text, true)).toBeInstanceOf(Array);
      }),
    );
  });
});
