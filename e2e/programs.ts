// Runs malamarctl as a process of its own, as a person or a script would.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { type Ran, ROOT, type Server } from "./start-malamar.ts";

export interface Running {
  out(): string;
  err(): string;
  says(what: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<Ran>;
}

/** Starts bin/malamarctl against the server. What it started is ended with the test that waits for `ended`. */
export function runCtl(server: Pick<Server, "url" | "env" | "folder">, args: string[], input = ""): Running {
  const env = { ...server.env, MALAMAR_URL: server.url };
  const child: ChildProcess = spawn(join(ROOT, "bin/malamarctl"), args, { cwd: server.folder, env, stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return {
    out: () => out,
    err: () => err,
    says: async (what) => {
      await eventually(`malamarctl ${args.join(" ")} says ${what}`, () => what.test(out), { instead: () => ({ out, err }) });
    },
    signal: (name) => void child.kill(name),
    ended,
  };
}

/** Runs malamarctl to its end. */
export function ctl(server: Pick<Server, "url" | "env" | "folder">, ...args: string[]): Promise<Ran> {
  return runCtl(server, args).ended;
}
