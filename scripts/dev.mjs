// `pnpm dev`: the supervisor from source with restarts, the web app with hot reload, code generation when a .proto changes.
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
  proto.close();
  if (signal) for (const child of children) child.kill(signal);
}

async function generate() {
  const generated = await run("buf", ["generate"]);
  console.log(generated.code === 0 ? "proto      | generated" : `proto      | ${generated.said.trim()}`);
}

let due;
const proto = watch(join(root, "proto/malamar"), { recursive: true }, () => {
  clearTimeout(due);
  due = setTimeout(() => void generate(), 200);
});

// A terminal gives Ctrl-C to the whole group; anything else is passed on.
process.on("SIGINT", () => stop(process.stdin.isTTY ? undefined : "SIGINT"));
process.on("SIGTERM", () => stop("SIGTERM"));

// The supervisor starts runners from their bundle.
const built = await run(process.execPath, ["scripts/build.mjs", "--changed"]);
if (built.code !== 0) console.log(built.said.trim());

start("supervisor", ".", process.execPath, ["--watch", "--watch-preserve-output", "supervisor/src/malamar.ts", "serve"], {
  MALAMAR_PORT: port,
  MALAMAR_DATA_DIR: dataDir,
});
start("web", "web", "node_modules/.bin/vite", ["dev", "--clearScreen", "false"], { MALAMAR_DEV_SUPERVISOR: `http://127.0.0.1:${port}` });
