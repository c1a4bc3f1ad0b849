import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Io } from "./io.ts";

/** The real outside world. */
export function processIo(signal: AbortSignal): Io {
  const { env, stdin, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader has seen enough, e.g. `malamarctl logs … | head`.
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  const isDumb = env["TERM"] === "dumb" || (env["NO_COLOR"] ?? "") !== "";
  return {
    out: (chunk) => write(stdout, chunk),
    err: (chunk) => write(stderr, chunk),
    readStdin: () => text(stdin),
    readFile: (path) => readFileSync(path, "utf8"),
    env,
    directory: process.cwd(),
    // Asked for anew each time: the window may have changed.
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    colour: stdout.isTTY && !isDumb,
    ask: stdin.isTTY && stderr.isTTY ? (question) => ask(question, signal) : undefined,
    now: () => Date.now(),
    newKey: () => randomUUID(),
    signal,
  };
}

async function write(stream: NodeJS.WriteStream, chunk: string): Promise<void> {
  if (chunk !== "" && !stream.write(chunk)) await once(stream, "drain");
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await prompt.question(question, { signal });
  } catch {
    // Ctrl-C or the end of input is no consent.
    return "";
  } finally {
    prompt.close();
  }
}
