// node sim/main.ts SEEDS [FIRST [MOST]]   runs the real protocol code under faults; prints one line, exits 1 after MOST violations or at the end
import { simulate } from "./simulate.ts";

const seeds = Number(process.argv[2] ?? 100);
const first = Number(process.argv[3] ?? 1);
const most = Number(process.argv[4] ?? 5);
const sum = { events: 0, executions: 0, applied: 0, crashes: 0, kills: 0 };
const violations: string[] = [];
const began = performance.now();
for (let seed = first; seed < first + seeds; seed++) {
  const result = await simulate(seed);
  for (const field of Object.keys(sum) as (keyof typeof sum)[]) sum[field] += result[field];
  if (result.violation !== undefined) violations.push(`seed ${seed}: ${result.violation}`);
  if (violations.length >= most) break;
}
const seconds = ((performance.now() - began) / 1000).toFixed(1);
const figures = Object.entries(sum).map(([name, value]) => `${value} ${name}`);
process.stdout.write(
  `${violations.map((line) => `${line}\n`).join("")}${seeds} seeds from ${first}, ${figures.join(", ")}, ${violations.length} violations, ${seconds} s\n`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
