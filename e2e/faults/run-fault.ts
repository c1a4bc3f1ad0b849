import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Server, startMalamar } from "#start-malamar.ts";
import { type Fault, type FaultContext, Skipped } from "./fault.ts";

export interface FaultResult {
  outcome: "survived" | "lost" | "skipped";
  /** Why it was not survived, or why it was skipped. */
  error?: unknown;
  figures: Record<string, number>;
  seconds: number;
}

/** Plays one fault in a folder of its own. What it started is ended; the folder of one that was not survived is kept for a look. */
export async function runFault(
  fault: Fault,
  { seed, short, log }: { seed: number; short: boolean; log: (words: string) => void },
): Promise<FaultResult> {
  const since = performance.now();
  const figures: Record<string, number> = {};
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `malamar-fault-${fault.id}-`)));
  const servers: Server[] = [];
  const context: FaultContext = {
    folder,
    seed,
    random: generator(seed),
    short,
    async startMalamar(options) {
      const server = await startMalamar(options);
      servers.push(server);
      return server;
    },
    log: (words) => log(`${fault.id}: ${words}`),
    count: (what, by = 1) => void (figures[what] = (figures[what] ?? 0) + by),
    skip(why) {
      throw new Skipped(why);
    },
  };
  const result = (outcome: FaultResult["outcome"], error?: unknown): FaultResult => ({
    outcome,
    figures,
    seconds: (performance.now() - since) / 1000,
    ...(error !== undefined && { error }),
  });
  try {
    const missing = (fault.needs ?? []).filter((need) => !has(need));
    if (missing.length > 0) {
      const why = `this machine has not: ${missing.join(", ")}`;
      throw process.env["CI"] === "true" ? new Error(why) : new Skipped(why);
    }
    await fault.run(context);
    for (const server of servers) await server.end();
    rmSync(folder, { recursive: true, force: true });
    return result("survived");
  } catch (error) {
    const skipped = error instanceof Skipped;
    if (!skipped) for (const server of servers) log(`${fault.id}: last words of a supervisor:\n${server.printed().slice(-2000)}`);
    for (const server of servers) await server.end().catch((why: unknown) => skipped || log(`${fault.id}: at the end: ${String(why)}`));
    if (skipped) rmSync(folder, { recursive: true, force: true });
    else log(`${fault.id}: what was left lies in ${[folder, ...servers.map((server) => server.folder)].join(" and ")}`);
    return result(skipped ? "skipped" : "lost", error);
  }
}

function has(need: string): boolean {
  if (need === "root") return process.getuid?.() === 0;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin"];
  return folders.some((place) => existsSync(join(place, need)));
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
