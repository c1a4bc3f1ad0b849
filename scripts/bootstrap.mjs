// What `npm start` and `npm test` run: brings the tools, installs, builds, and then runs Malamar or its tests.
// Needs Node 20 or newer, npm and nothing else; installs nothing outside this folder and npm's own cache.
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, oneAtATime, readStamp, writeStamp } from "./stamps.mjs";
import { withTools } from "./tools.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [task = "start", ...args] = process.argv.slice(2);

class Stop extends Error {}

const say = (line) => console.error(line);

/** Runs a program to its end, quietly; what it said is shown only when it fails. */
function quietly(what, next, tools, command, commandArgs) {
  const result = spawnSync(command, commandArgs, { cwd: root, env: tools.env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.status === 0) return;
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}`.trim().split("\n").slice(-25).join("\n");
  throw new Stop(`${what} did not work${result.error ? ` (${result.error.message})` : ""}:\n\n${said}\n\n${next}`);
}

function install(tools) {
  const print = fingerprint(root, [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "package.json",
    ...["proto", "supervisor", "runner", "web", "e2e", "clients/malamarctl", "clients/sdk-ts"].map((each) => join(each, "package.json")),
  ]);
  if (readStamp(root, "installed") === print) return;
  say("Installing the packages …");
  quietly(
    "Installing the packages",
    "Nothing outside this folder has changed. Check the network connection and the free disk space, then run the same command again.",
    tools,
    tools.pnpm,
    ["install", "--frozen-lockfile"],
  );
  writeStamp(root, "installed", print);
}

function build(tools) {
  const since = performance.now();
  quietly(
    "Building",
    "If you have changed the sources, `pnpm check` says more. On an untouched clone please report this with the lines above.",
    tools,
    tools.node,
    ["scripts/build.mjs", "--changed"],
  );
  const seconds = (performance.now() - since) / 1000;
  if (seconds > 1) say(`Built in ${seconds.toFixed(0)} s.`);
}

/** Runs the program in this terminal and ends as it ends. A signal that reaches only this process is passed on. */
function become(tools, commandArgs) {
  const child = spawn(tools.node, commandArgs, { cwd: process.cwd(), env: tools.env, stdio: "inherit" });
  const passed = new Map();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl-C on a terminal reaches the whole group, so the child has it already.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      // npm passes signals on as well; one wish, one signal.
      if (performance.now() - (passed.get(signal) ?? -Infinity) < 1000) return;
      passed.set(signal, performance.now());
      child.kill(signal);
    });
  }
  process.on("exit", () => child.kill("SIGTERM"));
  // npm killed outright says nothing to what it started; its child must not stay behind alone.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 2000).unref();
  child.on("error", (error) => {
    say(`Malamar could not be started: ${error.message}. Nothing is running. Run the same command again.`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** What runs in the end, once everything for it is in place. */
const programs = {
  start: [join(root, "supervisor/dist/malamar.cjs"), "serve"],
  test: [join(root, "scripts/test-all.mjs")],
  build: undefined,
};

try {
  if (!Object.hasOwn(programs, task)) throw new Stop(`There is no task "${task}". There are ${Object.keys(programs).join(", ")}.`);
  const waiting = () => say("Another terminal is preparing this folder; waiting for it …");
  const tools = oneAtATime(root, waiting, () => {
    const found = withTools(root, say);
    install(found);
    if (task !== "test") build(found);
    return found;
  });
  if (programs[task]) become(tools, [...programs[task], ...args]);
} catch (error) {
  if (!(error instanceof Stop) && error?.name !== "ToolsMissing") throw error;
  say(`\n${error.message}`);
  process.exitCode = 1;
}
