// The demo agent: a program of its own that plays one member of a small team from a script. No model, no key, no
// network; but it is started, fed, watched and stopped exactly like a real CLI, and it writes real files.
//   MALAMAR_DEMO_PACE: how slowly it goes; 1 = about 0.6 s a step, 0 = at once
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readDemoInput, type DemoInput } from "./demo-input.ts";
import { takeTurn, type ReadFile, type Turn } from "./demo-team.ts";

const PAUSE_MS = 120;

async function play(): Promise<void> {
  const pace = Number(process.env["MALAMAR_DEMO_PACE"] ?? 1);
  const rest = () => (pace > 0 ? sleep(PAUSE_MS * pace) : Promise.resolve());
  const prompt = readFileSync(0, "utf8");
  const path = /Read the file at (.+) and follow it/.exec(prompt)?.[1];
  if (path === undefined) throw new Error("the prompt names no file to read");
  const input = readDemoInput(readFileSync(path, "utf8"));

  say({ type: "message", text: `I am the demo agent "${input.name}" and have read "${input.summary}".` });
  await rest();
  const turn = takeTurn(input, readHere);
  for (const [at, name] of turn.reads.entries()) {
    say({ type: "tool_call", id: `read-${at}`, name: "read_file", input: { name } });
    await rest();
    const content = readHere(name);
    say({ type: "tool_result", id: `read-${at}`, output: content ?? "no such file", is_error: content === null });
  }
  for (const [at, { name, content }] of turn.writes.entries()) {
    say({ type: "tool_call", id: `write-${at}`, name: "write_file", input: { name, content } });
    await rest();
    writeFileSync(name, content);
    say({ type: "tool_result", id: `write-${at}`, output: `${Buffer.byteLength(content)} bytes written` });
  }
  await rest();
  say({ type: "message", text: turn.comment ?? "There is nothing for the demo agent to do now." });
  await rest();
  answer(input, turn);
  await rest();
  say({ type: "result", success: true });
}

function answer(input: DemoInput, turn: Turn): void {
  const action = turn.comment === null ? { type: "skip" } : { type: "comment", content: turn.comment };
  writeFileSync(input.output, JSON.stringify({ actions: [action] }), { flag: "wx" });
}

const readHere: ReadFile = (name) => {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return null;
  }
};

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

play().catch((error: unknown) => {
  process.stderr.write(`The demo agent cannot go on: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
