import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { renderInput } from "#workdir/render-input.ts";
import { demoCommand } from "#clis/demo/command.ts";
import { demoParser } from "#clis/demo/parse.ts";

const TEAM = ["Planner", "Implementer", "Reviewer", "Approver"];
const DEMO_CLI = join(import.meta.dirname, "../clis/demo/demo-cli.ts");

let directory = "";
let comments: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "malamar-demo-"));
  comments = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function say(author: string, content: string): void {
  const kind = author === "User" ? "user" : author === "System" ? "system" : "agent";
  comments.push(
    JSON.stringify({
      author,
      author_kind: kind,
      author_id: kind === "agent" ? `id-${author}` : "",
      content,
      created_at: "2026-11-20T08:00:00Z",
    }),
  );
}

interface Step {
  answer: { actions: { type: string; content?: string }[] };
  lines: string[];
  code: number | null;
}

/** One step of the real program, from input.md to output.json. */
function step(agentName: string, task: { summary?: string; description?: string; instruction?: string } = {}): Step {
  const output = join(directory, "output.json");
  const input = join(directory, "input.md");
  const { text } = renderInput(
    {
      workspaceTitle: "Demo",
      workspaceInstruction: "# Your answer\n\nA heading that means nothing.",
      agentName,
      agentInstruction: task.instruction ?? `You are the ${agentName}.`,
      otherAgents: TEAM.filter((name) => name !== agentName),
      runNumber: 1,
      passNumber: 1,
      reason: "The task was created.",
      taskKey: "DEM-1",
      taskSummary: task.summary ?? "Write hello.txt",
      taskDescription: task.description ?? "",
      taskKind: "",
      notes: [],
      comments,
      activities: [],
      commentsLeftOut: 0,
      activitiesLeftOut: 0,
      answerSchema: "{}",
    },
    { directory, output, comments: "", activities: "" },
  );
  writeFileSync(input, text);
  const prompt = `Read the file at ${input} and follow it autonomously.`;
  const command = demoCommand({
    executionId: "e",
    model: "",
    inputPath: input,
    outputPath: output,
    promptPath: "",
    prompt,
    node: process.execPath,
    demoCli: DEMO_CLI,
  });
  const { stdout, status } = spawnSync(command.program, command.args, {
    cwd: directory,
    input: command.stdin ?? "",
    encoding: "utf8",
    env: { PATH: process.env["PATH"], MALAMAR_DEMO_PACE: "0" },
  });
  const answer = JSON.parse(readFileSync(output, "utf8")) as Step["answer"];
  rmSync(output);
  for (const { type, content } of answer.actions) if (type === "comment") say(agentName, content ?? "");
  return { answer, lines: stdout.trim().split("\n"), code: status };
}

const types = (steps: Step[]) => steps.map(({ answer }) => answer.actions[0]?.type);
const pass = (task = {}) => types(TEAM.map((name) => step(name, task)));
const file = (name: string) => readFileSync(join(directory, name), "utf8");

describe("the demo team", () => {
  test("takes a fresh task to agreement in two passes, and writes real files", () => {
    expect(pass()).toEqual(["comment", "comment", "comment", "skip"]);
    expect(file("PLAN.md")).toContain("Write hello.txt");
    expect(file("hello.txt")).toBe("Hello from Malamar's demo agent!\n");
    expect(pass()).toEqual(["skip", "skip", "skip", "skip"]);
    for (const comment of comments) expect(comment.toLowerCase()).toContain("demo");
  });

  test("works again after a person's comment, and agrees again", () => {
    pass();
    pass();
    say("User", 'Please let it say "good morning".');
    expect(pass()).toEqual(["comment", "comment", "comment", "skip"]);
    expect(file("hello.txt")).toBe("good morning\n");
    expect(pass()).toEqual(["skip", "skip", "skip", "skip"]);
  });

  test("is not set off by the system's own comments", () => {
    pass();
    say("System", "The last execution failed.");
    expect(pass()).toEqual(["skip", "skip", "skip", "skip"]);
  });

  test("the reviewer really looks", () => {
    step("Planner");
    step("Implementer");
    rmSync(join(directory, "hello.txt"));
    expect(step("Reviewer").answer.actions[0]?.content).toContain("`hello.txt` is not there");
  });

  test("writes RESULT.md when the task names no file, and Node.js is none", () => {
    pass({ summary: "Explain why Node.js is fast" });
    expect(existsSync(join(directory, "RESULT.md"))).toBe(true);
  });

  test("leaves a file alone that somebody else wrote", () => {
    writeFileSync(join(directory, "README.md"), "mine");
    writeFileSync(join(directory, "PLAN.md"), "mine, too");
    pass({ summary: "Improve README.md" });
    pass({ summary: "Improve README.md" });
    expect([file("README.md"), file("PLAN.md")]).toEqual(["mine", "mine, too"]);
    expect(file("README.demo.md")).toContain("demo");
    expect(file("PLAN.demo.md")).toContain("demo");
  });

  test("an agent with another role says one thing and then skips", () => {
    const poet = () => step("Poet", { instruction: "Write a haiku." });
    expect(types([poet(), poet()])).toEqual(["comment", "skip"]);
    say("User", "Another one, please.");
    expect(types([poet(), poet()])).toEqual(["comment", "skip"]);
  });

  test("prints lines that its adapter understands, and a final one", () => {
    const { lines, code } = step("Implementer");
    const parser = demoParser();
    const entries = lines.flatMap((line) => parser.line("stdout", line, true));
    expect(entries.map((entry) => entry.case)).toEqual(["message", "toolCall", "toolResult", "message"]);
    expect(parser.facts().finalLine).toBe("success");
    expect(code).toBe(0);
  });

  test.each(["Read the file at /no/such/input.md and follow it autonomously.", "Hello?"])(
    "fails with words on stderr when told: %s",
    (prompt) => {
      const { status, stderr } = spawnSync(process.execPath, [DEMO_CLI], { input: prompt, encoding: "utf8" });
      expect(status).toBe(1);
      expect(stderr).toContain("The demo agent cannot go on");
    },
  );
});
