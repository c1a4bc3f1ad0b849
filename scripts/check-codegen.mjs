// The generated code is committed; this generates it again elsewhere and compares.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "./steps.mjs";
import { filesBelow } from "./stamps.mjs";

const fresh = mkdtempSync(join(tmpdir(), "malamar-codegen-"));
try {
  const generated = await run("buf", ["generate", "--output", fresh]);
  if (generated.code !== 0) throw new Error(generated.said);
  const here = filesBelow(root, ["proto/gen"]);
  const there = filesBelow(fresh, ["proto/gen"]);
  const different = [...new Set([...here, ...there])].filter(
    (path) => !here.includes(path) || !there.includes(path) || !readFileSync(join(root, path)).equals(readFileSync(join(fresh, path))),
  );
  if (different.length > 0) {
    console.log(`These files are not what the .proto files say:\n  ${different.join("\n  ")}\nRun "pnpm codegen" and commit the result.`);
    process.exitCode = 1;
  }
} catch (error) {
  console.log(`The code could not be generated: ${error.message.trim()}`);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
