// `pnpm e2e [vitest arguments]`: builds what changed and runs the journeys against the bundle.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { env, root } from "./steps.mjs";
import { systemPackages } from "./system-packages.mjs";

const node = process.execPath;
const built = spawnSync(node, [join(root, "scripts/build.mjs"), "--changed"], { cwd: root, stdio: "inherit" });
if (built.status !== 0) process.exit(1);

try {
  const found = systemPackages({ mayInstall: process.env.CI === "true" });
  const args = ["run", "--config", "e2e/vitest.config.ts", ...process.argv.slice(2)];
  process.exitCode = spawnSync("vitest", args, { cwd: root, env: { ...env, ...found }, stdio: "inherit" }).status ?? 1;
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
