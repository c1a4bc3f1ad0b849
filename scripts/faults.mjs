// `pnpm faults [--long] [--seed N] [ID …]`: plays the faults against the built program; e2e/faults/main.ts says what there is.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { env, root } from "./steps.mjs";
import { systemPackages } from "./system-packages.mjs";

try {
  const found = systemPackages({ mayInstall: process.env.CI === "true", of: "faults" });
  const args = [join(root, "e2e/faults/main.ts"), ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, env: { ...env, ...found }, stdio: "inherit" }).status ?? 1;
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
