// pnpm faults [--long] [--seed N] [ID …]   plays the faults of docs/reliability.md against the real programs and simulates the step
// protocol under thousands more; the last line says how many were survived. The short form is for every commit.
import { spawnSync } from "node:child_process";
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

/** The real protocol code over virtual time: see supervisor/sim/. */
function simulate(id: string, title: string, ...args: string[]): void {
  if (!wanted(id)) return;
  const since = performance.now();
  const run = spawnSync(process.execPath, args, { cwd: join(import.meta.dirname, "../../supervisor"), encoding: "utf8" });
  const seconds = (performance.now() - since) / 1000;
  const words = (run.stdout + run.stderr).trim();
  if (run.status === 0) say(`               ${words.split("\n").at(-1)}`);
  note(
    id,
    title,
    run.status === 0 ? { outcome: "survived", figures: {}, seconds } : { outcome: "lost", error: words, figures: {}, seconds },
  );
}

simulate("SIM", "the step protocol holds its invariants under simulated faults", "sim/main.ts", short ? "300" : "10000", String(seed));
simulate("MUT", "the simulation notices when a rule of the protocol is broken", "sim/mutants-main.ts", short ? "200" : "1000");

const totals = ["lost", "doubled", "orphans"].map((what) => `${what} ${sum[what]}`);
say(`faults survived ${survived}/${played}, ${totals.join(", ")} (seed ${seed})`);
if (failures.length > 0) say(`not survived: ${failures.join(", ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
