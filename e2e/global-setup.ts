import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Journeys run the bundle, so it has to be the one of these sources, also when vitest was called by itself. */
export function setup(): void {
  const root = join(import.meta.dirname, "..");
  const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), "--changed"], { cwd: root, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`The build failed, so no journey was run.\n${built.stdout}${built.stderr}`);
}
