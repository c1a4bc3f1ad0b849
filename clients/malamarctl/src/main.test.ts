import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run, start } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";

let malamar: FakeMalamar;

beforeEach(async () => {
  malamar = await startFakeMalamar();
});
afterEach(() => malamar.stop());

test("results go to stdout, everything else to stderr, and the program ends by itself", async () => {
  const program = start(malamar.url, ["workspace", "create", "Team"]);
  expect(await program.ended).toEqual({ code: 0, out: 'Workspace "Team" created: w00000000000000000001\n', err: "" });
  expect(await start(malamar.url, ["task", "list"]).ended).toEqual({ code: 0, out: "", err: "No tasks.\n" });
  expect(await start(malamar.url, ["task", "get", "TEA-9"]).ended).toMatchObject({ code: 3, out: "" });
});

test("text comes from standard input, whole and unchanged", async () => {
  await start(malamar.url, ["workspace", "create", "Team"]).ended;
  const program = start(malamar.url, ["task", "create", "Long", "--file", "-", "-q"]);
  const text = "Zeile – 世界\n".repeat(20_000);
  program.child.stdin.end(text);
  expect(await program.ended).toEqual({ code: 0, out: "", err: "" });
  expect([...malamar.state.tasks.values()].map(({ description }) => description === text)).toEqual([true]);
});

test("the address is that of the flag, else of the environment", async () => {
  expect(await start("http://127.0.0.1:9", ["task", "list", "--url", malamar.url]).ended).toMatchObject({ code: 0 });
  expect(await start("http://127.0.0.1:9", ["--url", malamar.url.slice(7), "task", "list"]).ended).toMatchObject({ code: 0 });
  expect(await start("ftp://x", ["task", "list"]).ended).toEqual({
    code: 2,
    out: "",
    err: 'malamarctl: "ftp://x" is not an address of a Malamar server; write it like http://127.0.0.1:3456\n',
  });
});

test("a server that is down is told in useful words, with its own exit code", async () => {
  const url = malamar.url;
  await malamar.stop();
  for (const args of [["task", "create", "x"], ["events", "-f"], ["logs", "-f", "MAL-1"], ["task", "create", "x", "--wait"], ["status"]]) {
    expect(await run(url, args), args.join(" ")).toEqual({
      code: 5,
      out: "",
      err: `malamarctl: no answer from Malamar at ${url}: nothing listens there.
Nothing was changed.
Start it with \`malamar start\`, or \`npm start\` in a clone. For another server give --url or set MALAMAR_URL.
`,
    });
  }
  malamar = await startFakeMalamar();
});

test("an answer that breaks off tells to look before repeating", async () => {
  const server = createServer((socket) => socket.on("data", () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  expect(await run(url, ["task", "cancel", "t00000000000000000001"])).toEqual({
    code: 5,
    out: "",
    err: `malamarctl: no answer from Malamar at ${url}: the connection broke in the middle.\nIf this was to change something, look whether it did before you repeat it.\n`,
  });
  server.close();
});

test("a stack is printed with --debug only", async () => {
  expect((await run(malamar.url, ["task", "get", "MAL-1"])).err).not.toContain("    at ");
  expect((await run(malamar.url, ["task", "get", "MAL-1", "--debug"])).err).toContain("    at ");
});

test("what a server says cannot steer the terminal either", async () => {
  const { err } = await run(malamar.url, ["task", "get", "\u001b]0;owned\u0007\u001b[31mred"]);
  expect(err).toBe('malamarctl: There is no task "red".\nList the tasks to find it.\n');
});

test("version tells the server's too, and does without one", async () => {
  expect(await run(malamar.url, ["version"])).toEqual({
    code: 0,
    out: `malamarctl  0.1.0 (Node ${process.version})\nserver      9.8.7 (${malamar.url})\n`,
    err: "",
  });
  expect(await run("http://127.0.0.1:9", ["version"])).toMatchObject({
    code: 0,
    out: `malamarctl  0.1.0 (Node ${process.version})\nserver      not reachable (http://127.0.0.1:9)\n`,
  });
  expect(JSON.parse((await run(malamar.url, ["version", "-o", "json"])).out)).toMatchObject({ client: "0.1.0", server: "9.8.7" });
});

test("help and usage", async () => {
  const help = await run(malamar.url, []);
  expect(help).toMatchObject({ code: 0, err: "" });
  expect(help.out).toContain("Exit codes:");
  expect(await run(malamar.url, ["task", "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("explain <task>") });
  expect(await run(malamar.url, ["tsak", "list"])).toEqual({
    code: 2,
    out: "",
    err: "malamarctl: unknown command 'tsak'\n(Did you mean task?)\nSee the usage with --help.\n",
  });
  expect(await run(malamar.url, ["task", "list", "--stauts", "todo"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("Did you mean --status?"),
  });
  expect((await run(malamar.url, ["task"])).code).toBe(2);
  expect(malamar.state.requests).toEqual([]);
});

test("every command has a description, and so has every option and argument", async () => {
  const nouns = ["task", "comment", "activity", "execution", "workspace", "agent"];
  const commands = ["status", "logs", "events", "version"].map((name) => [name]);
  for (const noun of nouns) {
    const { out } = await run(malamar.url, [noun, "--help"]);
    const verbs = (out.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z]+)/gm);
    commands.push(...[...verbs].map(([, verb = ""]) => [noun, verb]).filter(([, verb]) => verb !== "help"));
  }
  expect(commands.length).toBeGreaterThan(25);
  for (const command of commands) {
    const { out } = await run(malamar.url, [...command, "--help"]);
    const terms = out.split("\n").filter((line) => /^ {2}\S/.test(line) && !line.includes("(choices"));
    const bare = terms.filter((line) => !/^ {2}\S.*? {2,}\S/.test(line));
    expect(bare, command.join(" ")).toEqual([]);
  }
});

test("--version loads nothing but itself, so that it costs little more than an empty program", () => {
  const hook =
    'import { registerHooks } from "node:module"; registerHooks({ load: (url, context, next) => (console.error(url), next(url, context)) });';
  const main = join(import.meta.dirname, "main.ts");
  const program = spawnSync(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(hook)}`, main, "--version"]);
  expect(program.stdout.toString()).toBe("0.1.0\n");
  const loaded = program.stderr.toString().trim().split("\n");
  expect(loaded.map((url) => basename(url))).toEqual(["main.ts", "version.ts", "package.json"]);
});
