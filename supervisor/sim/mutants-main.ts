// node sim/mutants-main.ts [SEEDS]   breaks one rule after the other; exits 1 when the simulation does not notice one
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MUTANT_NAMES, MUTANTS } from "./mutants.ts";

const seeds = process.argv[2] ?? "300";
const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const mutate = new URL("./mutate.ts", import.meta.url).href;
let caught = 0;
for (const name of MUTANT_NAMES) {
  const run = spawnSync(process.execPath, ["--import", mutate, main, seeds, "1", "1"], {
    env: { ...process.env, MUTANT: name },
    encoding: "utf8",
  });
  // A mutant that does not fit any more, or a crash, proves nothing.
  const noticed = run.status === 1 && /^seed \d+: /.test(run.stdout);
  if (noticed) caught += 1;
  const how = noticed ? (run.stdout.split("\n")[0] ?? "") : `NOT CAUGHT (exit ${run.status}) ${run.stderr.trim().split("\n").at(-1) ?? ""}`;
  process.stdout.write(`${name.padEnd(26)} ${MUTANTS[name].broken}: ${how}\n`);
}
process.stdout.write(`mutants caught ${caught}/${MUTANT_NAMES.length}\n`);
process.exitCode = caught === MUTANT_NAMES.length ? 0 : 1;
