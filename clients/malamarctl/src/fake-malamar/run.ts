import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Io } from "#io.ts";
import { runMalamarctl } from "#program.ts";
import { NOON } from "./state.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

let keys = 0;

/** Runs one command line in this process, as a script would see it: no terminal, a clock that stands still. */
export async function run(url: string, args: readonly string[], changes: Partial<Io> = {}): Promise<Ran> {
  const ran = { code: -1, out: "", err: "" };
  ran.code = await runMalamarctl(args, {
    out: (text) => Promise.resolve(void (ran.out += text)),
    err: (text) => Promise.resolve(void (ran.err += text)),
    readStdin: () => Promise.resolve("from stdin"),
    readFile: (path) => `content of ${path}`,
    env: { MALAMAR_URL: url },
    directory: "/home/me",
    columns: undefined,
    colour: false,
    now: () => NOON,
    newKey: () => `key-${(keys += 1)}`,
    signal: new AbortController().signal,
    ...changes,
  });
  return ran;
}

/** Starts the real program in a process of its own. */
export function start(url: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../main.ts"), ...args], {
    env: { PATH: process.env["PATH"], ...env, MALAMAR_URL: url },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ran = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (ran.err += text));
  const ended = new Promise<Ran>((resolve) => {
    child.on("close", (code, signal) => resolve({ ...ran, code: code ?? (signal === null ? -1 : 128) }));
  });
  return {
    child,
    ended,
    /** Resolves when stdout and stderr together say so. */
    async said(text: string): Promise<void> {
      while (!`${ran.out}${ran.err}`.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without saying "${text}": ${JSON.stringify(await ended)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
