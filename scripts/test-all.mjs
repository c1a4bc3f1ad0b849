// `npm test`: checks, unit tests, build, journeys, faults. Ends with one line of figures.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.mjs";
import { env, root } from "./steps.mjs";

const reports = mkdtempSync(join(tmpdir(), "malamar-test-"));
const rows = [];

function part(title, command, args) {
  console.log(`\n━━ ${title}`);
  const since = performance.now();
  const result = spawnSync(command, args, { cwd: root, env, stdio: "inherit" });
  return { title, ok: result.status === 0, seconds: (performance.now() - since) / 1000 };
}

/** A part made of vitest tests; its figures come from the report that vitest writes. */
function tests(title, command, args) {
  const report = join(reports, `${title}.json`);
  const ran = part(title, command, [...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]);
  let figures = { passed: 0, failed: ran.ok ? 0 : 1, skipped: 0 };
  try {
    const said = JSON.parse(readFileSync(report, "utf8"));
    const failed = Math.max(said.numFailedTests, ran.ok ? 0 : 1);
    figures = { passed: said.numPassedTests, failed, skipped: said.numPendingTests + said.numTodoTests };
  } catch {
    // No report: it ended before the first test, and its own words stand above.
  }
  rows.push({ ...ran, ...figures });
}

function single(title, command, args) {
  const ran = part(title, command, args);
  rows.push({ ...ran, passed: ran.ok ? 1 : 0, failed: ran.ok ? 0 : 1, skipped: 0 });
}

console.log("━━ checks");
const since = performance.now();
rows.push({ title: "checks", ...(await check([])), skipped: 0, seconds: (performance.now() - since) / 1000 });
tests("unit tests", "vitest", ["run"]);
single("build", process.execPath, ["scripts/build.mjs"]);
if (rows.at(-1).ok) {
  tests("journeys", process.execPath, ["scripts/e2e.mjs"]);
  // Those that need nothing of the machine but processes, always the same ones; `pnpm faults` plays them all, with new seeds.
  single("faults", process.execPath, ["e2e/faults/main.ts", "--seed", "218052", "B1", "SIM", "MUT"]);
}
rmSync(reports, { recursive: true, force: true });

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
const figures = (row) => `${row.passed} passed, ${row.failed} failed${row.skipped > 0 ? `, ${row.skipped} skipped` : ""}`;
console.log("");
for (const row of rows) console.log(`${row.title.padEnd(12)} ${figures(row)} in ${row.seconds.toFixed(0)} s`);
console.log(figures({ passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") }));
process.exitCode = sum("failed") > 0 ? 1 : 0;
