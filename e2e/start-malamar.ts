// The real program: the bundle, as a process of its own, on a free port, with a data directory of its own and nothing of this
// machine's settings. Journeys talk to it through the public API only.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Malamar } from "@malamar/sdk";
import { createNodeMalamar } from "@malamar/sdk/node";
import { eventually } from "./eventually.ts";
import { expectNothingLeft } from "./processes.ts";

export const ROOT = join(import.meta.dirname, "..");
const PROGRAM = join(ROOT, "supervisor/dist/malamar.cjs");
const AGENTS = join(import.meta.dirname, "agents");
export const PYTHON = "/usr/bin/python3";

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

export interface Server {
  url: string;
  port: number;
  /** Holds everything of this test: data, scenarios, home. */
  folder: string;
  dataDir: string;
  configFile: string;
  api: Malamar;
  /** Environment of everything that is started for it. */
  env: NodeJS.ProcessEnv;
  pid(): number;
  /** What the supervisor printed so far. */
  printed(): string;
  /** Only its log. */
  logged(): string;
  /** Starts it (again) and waits until it answers. */
  start(): Promise<void>;
  /** Sends the signal and waits for the end. SIGINT leaves nothing running, SIGTERM leaves runners their steps. */
  stop(signal?: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<number | null>;
  /** Ends everything, checks that nothing is left, removes the folder. */
  end(): Promise<void>;
  /** Runs a command of malamar (`status`, `doctor`, …) to its end. */
  command(...args: string[]): Promise<Ran>;
}

export interface ServerOptions {
  /** Over the settings that journeys share. */
  config?: Record<string, unknown>;
  env?: Record<string, string>;
  /** False = prepare everything and start nothing. */
  started?: boolean;
}

/** Scripts as agents, through the adapter that is data only: the prompt by stdin, by argument, by file. */
const CLIS = {
  shell: { title: "Shell script", command: [join(AGENTS, "agent.sh")], promptBy: "stdin" },
  argument: { title: "Shell script, prompt as argument", command: [join(AGENTS, "agent.sh"), "{prompt}"], promptBy: "argument" },
  python: {
    title: "Python script",
    command: [PYTHON, join(AGENTS, "agent.py"), "{prompt_file}"],
    promptBy: "file",
    outputFormat: "json_lines",
    outcomePatterns: [
      { pattern: "^PROVIDER DOWN", fault: "provider_unavailable" },
      { pattern: "^LIMIT REACHED", fault: "usage_limit" },
    ],
  },
};

export async function startMalamar({ config = {}, env: more = {}, started = true }: ServerOptions = {}): Promise<Server> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "malamar-e2e-")));
  const dataDir = join(folder, "data");
  const home = join(folder, "home");
  mkdirSync(dataDir, { mode: 0o700 });
  mkdirSync(home);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(dataDir, "malamar.yaml");
  const { clis, ...settings } = config;
  // JSON is YAML.
  const file = {
    port,
    logFormat: "json",
    sample: false,
    stopGrace: "1s",
    finishGrace: "500ms",
    renewInterval: "500ms",
    backOff: { first: "50ms", longest: "400ms" },
    ...settings,
    clis: { ...CLIS, ...(clis as object | undefined) },
  };
  writeFileSync(configFile, JSON.stringify(file, null, 2));

  // Lets a profiler look into supervisor and runners.
  const options = process.env["E2E_NODE_OPTIONS"];
  const profiled = options === undefined ? {} : { NODE_OPTIONS: options };
  const env = { ...profiled, PATH: process.env["PATH"], HOME: home, TMPDIR: folder, LANG: "C.UTF-8", MALAMAR_DATA_DIR: dataDir, ...more };
  let child: ChildProcess | undefined;
  let printed = "";
  let logged = "";
  let stopped = true;

  const server: Server = {
    url,
    port,
    folder,
    dataDir,
    configFile,
    env,
    api: createNodeMalamar({ url }),
    pid: () => child?.pid ?? 0,
    printed: () => printed,
    logged: () => logged,
    async start() {
      const starting = spawn(process.execPath, [PROGRAM, "serve"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
      child = starting;
      stopped = false;
      starting.stdout.setEncoding("utf8").on("data", (text: string) => (logged += text));
      for (const stream of [starting.stdout, starting.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
      const ended = () => starting.exitCode !== null || starting.signalCode !== null;
      try {
        await eventually("the supervisor answers", () => ended() || healthy(url), { timeout: 20_000, instead: () => printed });
      } catch (error) {
        await server.stop("SIGINT");
        throw error;
      }
      if (ended()) throw new Error(`The supervisor ended at its start.\n${printed}`);
    },
    async stop(signal = "SIGINT") {
      const stopping = child;
      if (stopping === undefined || stopping.exitCode !== null || stopping.signalCode !== null) return stopping?.exitCode ?? null;
      const gone = new Promise<void>((resolve) => stopping.once("exit", () => resolve()));
      stopped = true;
      stopping.kill(signal);
      let late = false;
      const insist = setTimeout(() => {
        late = true;
        stopping.kill("SIGKILL");
      }, 20_000);
      await gone;
      clearTimeout(insist);
      if (late) throw new Error(`The supervisor did not end within 20 s of ${signal}.\n${printed.slice(-3000)}`);
      return stopping.exitCode;
    },
    async end() {
      const before = child;
      const gone = before !== undefined && (before.exitCode !== null || before.signalCode !== null);
      // With 0 it was asked to, by another command.
      const byItself = gone && !stopped && before.exitCode !== 0;
      const code = await server.stop("SIGINT");
      await expectNothingLeft(dataDir, "executions and runners").catch((error: unknown) => {
        throw byItself ? new Error(`The supervisor ended by itself.\n${printed.slice(-5000)}`, { cause: error }) : error;
      });
      if (byItself || (!gone && before !== undefined && code !== 0)) {
        throw new Error(`The supervisor ended ${byItself ? "by itself " : ""}with ${code}.\n${printed.slice(-5000)}`);
      }
      if (process.env["E2E_KEEP"] === undefined) rmSync(folder, { recursive: true, force: true });
    },
    command(...args) {
      const running = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], timeout: 30_000 });
      let out = "";
      let err = "";
      running.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      running.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      return new Promise((resolve) => running.once("close", (code) => resolve({ code, out, err })));
    },
  };
  if (started) await server.start();
  return server;
}

async function healthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago; unlike port 0 it stays the same over restarts. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
