import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addComment, startTurn } from "#fake-malamar/play.ts";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must } from "#fake-malamar/state.ts";
import { EXIT } from "./exit-code.ts";

// docs/malamarctl.md is held to the program: what it tells people to type works.

const guide = readFileSync(join(import.meta.dirname, "../../../docs/malamarctl.md"), "utf8");
const shell = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block).join("\n");

const EXECUTION = "e00000000000000000001";

/** Every command of the guide as words, without what a shell does around it. */
const commands = [...shell.matchAll(/malamarctl ((?:"[^"]*"|'[^']*'|[^\n|;)<])*)/g)].map(([, text = ""]) =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) =>
    (quoted ?? bare ?? "").replace("$key", "MAL-1").replace("$EXECUTION", EXECUTION).replace("$CURSOR", "2"),
  ),
);

let malamar: FakeMalamar;

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await run(malamar.url, ["workspace", "create", "Malamar"]);
  for (const name of ["Planner", "Reviewer"]) await run(malamar.url, ["agent", "create", name, "--cli", "demo"]);
  for (const summary of ["First", "Second"]) await run(malamar.url, ["task", "create", summary]);
  const [first = never(), second = never()] = malamar.state.tasks.values();
  addComment(malamar.state, first, { kind: ActorKind.USER }, "Hello");
  first.version = 1n;
  must(malamar.state.logs, startTurn(malamar.state, second, "Planner").id, "execution").complete = true;
});
afterEach(() => malamar.stop());

test.each(commands.map((args) => [args.join(" "), args] as const))("malamarctl %s", async (_text, args) => {
  const url = args.includes("--url") ? [] : ["--url", malamar.url];
  const isEndless = args.includes("-f") || args.includes("--wait") || args.includes("wait");
  const ran = await run(malamar.url, [...url, ...args.map((arg) => (arg === "http://127.0.0.1:3456" ? malamar.url : arg))], {
    signal: isEndless ? AbortSignal.timeout(300) : new AbortController().signal,
  });
  expect([EXIT.ok, ...(isEndless ? [EXIT.interrupted] : [])], `${ran.code} ${ran.err}`).toContain(ran.code);
});

test("the guide has an example of every command", async () => {
  const nouns = ["task", "comment", "activity", "execution", "workspace", "agent"];
  const shown = new Set(commands.map(([noun = "", verb = ""]) => (nouns.includes(noun) ? `${noun} ${verb}` : noun)));
  const missing: string[] = ["status", "ps", "logs", "events", "version"].filter((name) => !shown.has(name));
  for (const noun of nouns) {
    const { out } = await run(malamar.url, [noun, "--help"]);
    const verbs = [...(out.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z]+)/gm)].map(([, verb = ""]) => verb);
    missing.push(...verbs.filter((verb) => verb !== "help" && !shown.has(`${noun} ${verb}`)).map((verb) => `${noun} ${verb}`));
  }
  expect(missing).toEqual([]);
});

test("the guide has every exit code", () => {
  for (const code of Object.values(EXIT)) expect(guide).toContain(`\n| ${code} |`);
});

function never(): never {
  throw new Error("the fake has no tasks");
}
