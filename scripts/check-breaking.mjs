// The contract only grows. Compared with the last release; before the first one, with the commit before this change.
import { spawnSync } from "node:child_process";
import { env, root } from "./steps.mjs";

const git = (...args) => {
  const result = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
};

const changed = git("status", "--porcelain", "--", "proto") !== "";
const base = git("describe", "--tags", "--abbrev=0") ?? git("rev-parse", "--verify", "--quiet", changed ? "HEAD" : "HEAD~1");

if (!base || !git("ls-tree", "-d", base, "proto/malamar")) {
  console.log("There is no earlier contract to compare with.");
} else {
  const result = spawnSync("buf", ["breaking", "proto", "--against", `.git#ref=${base},subdir=proto`], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  console.log(`${result.stdout}${result.stderr}`.trim());
  if (result.status !== 0) {
    console.log(
      `A client written for ${base.slice(0, 12)} would break. Keep the old field or value (reserve it when it must go) and add the new one beside it.`,
    );
    process.exitCode = 1;
  }
}
