// pnpm faults [--long] [--seed N] [ID …]   plays the faults of docs/reliability.md against the real programs and simulates the step
// protocol under thousands more; the last line says how many were survived. The short form is for every commit.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setup as buildWhatChanged } from "../global-setup.ts";
import type { Fault } from "./fault.ts";
import { type FaultResult, runFault } from "./run-fault.ts";

const { values, positionals } = parseArgs({ options: { long: { type: "boolean" }, seed: { type: "string" } }, allowPositionals: true });
const short = values.long !== true;
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6) + 1);
const wanted = (id: string) => positionals.length === 0 || positionals.includes(id);
const say = (words: string) => process.stdout.write(`${words}\n`);

buildWhatChanged();
say(`seed ${seed}, ${short ? "short" : "long"} form`);
const sum: Record<string, number> = { lost: 0, doubled: 0, orphans: 0 };
let survived = 0;
let played = 0;
const failures: string[] = [];

function note(id: string, title: string, { outcome, error, figures, seconds }: FaultResult): void {
  for (const [what, by] of Object.entries(figures)) sum[what] = (sum[what] ?? 0) + by;
  const numbers = Object.entries(figures).map(([what, count]) => `${count} ${what}`);
  const why = outcome === "survived" ? numbers.join(", ") : error instanceof Error ? error.message : String(error);
  say(`${outcome.padEnd(9)} ${id.padEnd(4)} ${title} (${seconds.toFixed(1)} s)${why === "" ? "" : `\n               ${why}`}`);
  if (outcome === "skipped") return;
  played += 1;
  if (outcome === "survived") survived += 1;
  else failures.push(id);
}

for (const file of globSync("*/*.fault.ts", { cwd: import.meta.dirname }).toSorted()) {
  const { default: fault } = (await import(join(import.meta.dirname, file))) as { default: Fault };
  if (!wanted(fault.id) || (short && fault.long === true)) continue;
  note(fault.id, fault.title, await runFault(fault, { seed, short, log: say }));
}

/** The real protocol code over virtual time, see supervisor/sim/. Each of the commands on a processor of its own. */
async function simulate(id: string, title: string, ...commands: (readonly string[])[]): Promise<void> {
  if (!wanted(id)) return;
  const since = performance.now();
  const runs = await Promise.all(commands.map(runInSupervisor));
  const words = runs.map((run) => run.words).join("\n");
  const outcome = runs.every((run) => run.code === 0) ? "survived" : "lost";
  if (outcome === "survived") for (const run of runs) say(`               ${run.words.split("\n").at(-1)}`);
  note(id, title, { outcome, ...(outcome === "lost" && { error: words }), figures: {}, seconds: (performance.now() - since) / 1000 });
}

function runInSupervisor(args: readonly string[]): Promise<{ code: number | null; words: string }> {
  const run = spawn(process.execPath, [...args], { cwd: join(import.meta.dirname, "../../supervisor"), stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  for (const stream of [run.stdout, run.stderr]) stream.on("data", (chunk: Buffer) => (words += chunk.toString()));
  return new Promise((done) => run.on("close", (code) => done({ code, words: words.trim() })));
}

// A minute for a person who waits, a few on a machine of which nobody expects anything else.
const seeds = !short ? 100_000 : process.env["CI"] === "true" ? 2_000 : 1_000;
const half = (first: number) => ["sim/main.ts", String(seeds / 2), String(first)];
await simulate("SIM", "the step protocol holds its invariants under simulated faults", half(seed), half(seed + seeds / 2));
await simulate("MUT", "the simulation notices when a rule of the protocol is broken", ["sim/mutants-main.ts", short ? "300" : "2000"]);

const totals = ["lost", "doubled", "orphans"].map((what) => `${what} ${sum[what]}`);
say(`faults survived ${survived}/${played}, ${totals.join(", ")} (seed ${seed})`);
if (failures.length > 0) say(`not survived: ${failures.join(", ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
