// `pnpm dev`: the supervisor from source with restarts, the web app with hot reload, code and the runner's bundle made anew when their sources change.
// One terminal, one Ctrl-C. Data of development lives in .cache/dev, so your own installation is left alone.
import { spawn } from "node:child_process";
import { mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { env, root, run } from "./steps.mjs";

const port = process.env.MALAMAR_PORT ?? "3457";
const dataDir = process.env.MALAMAR_DATA_DIR ?? join(root, ".cache/dev");
mkdirSync(dataDir, { recursive: true, mode: 0o700 });

const children = new Set();
let stopping = false;

function start(name, cwd, command, args, extra = {}) {
  const child = spawn(command, args, { cwd: join(root, cwd), env: { ...env, ...extra }, stdio: ["inherit", "pipe", "pipe"] });
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) console.log(`${name.padEnd(10)} | ${line}`);
    });
  }
  child.on("error", (error) => console.log(`${name.padEnd(10)} | could not be started: ${error.message}`));
  child.on("close", (code, signal) => {
    children.delete(child);
    if (!stopping) console.log(`${name} ended (${signal ?? code}), so everything stops.`);
    stop("SIGTERM");
  });
}

/** Ends what still runs, with no signal where a terminal has given it already; whoever has not ended after ten seconds is ended. */
function stop(signal) {
  if (!stopping) setTimeout(() => children.forEach((child) => child.kill("SIGKILL")), 10_000).unref();
  stopping = true;
  for (const watcher of watchers) watcher.close();
  if (signal) for (const child of children) child.kill(signal);
}

/** Does something after files below a folder have changed, once per burst. */
function onChange(name, folder, command) {
  let due;
  const act = async () => {
    const done = await run(...command);
    console.log(`${name.padEnd(10)} | ${done.said.trim() || (done.code === 0 ? "done" : "failed")}`);
  };
  return watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(due);
    due = setTimeout(() => void act(), 200);
  });
}

// Runners are started from their bundle, also here.
const bundleRunner = [process.execPath, ["scripts/build.mjs", "--changed", "runner"]];
const watchers = [onChange("proto", "proto/malamar", ["buf", ["generate"]]), onChange("runner", "runner/src", bundleRunner)];

// A terminal gives Ctrl-C to the whole group; anything else is passed on.
process.on("SIGINT", () => stop(process.stdin.isTTY ? undefined : "SIGINT"));
process.on("SIGTERM", () => stop("SIGTERM"));

const built = await run(...bundleRunner);
if (built.code !== 0) console.log(built.said.trim());

start("supervisor", ".", process.execPath, ["--watch", "--watch-preserve-output", "supervisor/src/malamar.ts", "serve"], {
  MALAMAR_PORT: port,
  MALAMAR_DATA_DIR: dataDir,
});
start("web", "web", "node_modules/.bin/vite", ["dev", "--clearScreen", "false"], { MALAMAR_DEV_SUPERVISOR: `http://127.0.0.1:${port}` });
