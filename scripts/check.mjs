// `pnpm check`: everything that can be said about the sources without running them. `pnpm fix` repairs format and lint.
//   node scripts/check.mjs [name …]   only the steps whose names contain one of the words
import { join } from "node:path";
import { root, run, runSteps } from "./steps.mjs";

const node = process.execPath;
const types = (name, folder) => ({ name: `types ${name}`, command: [["tsc", "-p", folder]] });

// Long ones first, so that the two lanes end together.
const steps = [
  {
    name: "rooms",
    command: [["depcruise", "--config", ".dependency-cruiser.mjs", "supervisor", "runner", "web", "clients", "e2e", "proto"]],
  },
  {
    name: "format",
    command: [["prettier", "--check", "--log-level", "warn", "--cache", "--cache-location", "node_modules/.malamar/prettier", "."]],
  },
  { name: "lint", command: [["oxlint", "--quiet"]] },
  { name: "lint svelte", command: [["eslint", "--max-warnings", "0", "web/src"]] },
  { name: "types web", command: [["node_modules/.bin/svelte-check", "--threshold", "warning", "--output", "human"]], cwd: "web" },
  { name: "unused", command: [["knip", "--no-progress"]] },
  types("supervisor", "supervisor"),
  types("runner", "runner"),
  types("malamarctl", "clients/malamarctl"),
  types("sdk", "clients/sdk-ts"),
  types("e2e", "e2e"),
  types("proto", "proto"),
  {
    name: "proto lint",
    command: [
      ["buf", "lint", "proto"],
      ["buf", "format", "--diff", "--exit-code", "proto"],
    ],
  },
  { name: "proto breaking", command: [[node, "scripts/check-breaking.mjs"]] },
  { name: "proto generated", command: [[node, "scripts/check-codegen.mjs"]] },
  { name: "file sizes", command: [[node, "scripts/check-sizes.mjs"]] },
  { name: "documents", command: [[node, "scripts/check-docs.mjs"]] },
];

/** @param wanted {string[]} words in the names of the steps to run; none = all */
export async function check(wanted) {
  const since = performance.now();
  // SvelteKit writes the configuration that web/tsconfig.json extends; several steps read it.
  const sync = await run("node_modules/.bin/svelte-kit", ["sync"], { cwd: join(root, "web") });
  if (sync.code !== 0) console.log(`svelte-kit sync: ${sync.said.trim()}`);

  const { passed, failed } = await runSteps(
    wanted.length === 0 ? steps : steps.filter((step) => wanted.some((word) => step.name.includes(word))),
  );
  const seconds = ((performance.now() - since) / 1000).toFixed(0);
  console.log(`\nchecks: ${passed} passed, ${failed.length} failed in ${seconds} s`);
  if (failed.length > 0) {
    const names = failed.map((each) => each.name).join(", ");
    console.log(`Failed: ${names}. "pnpm fix" repairs format and lint; "pnpm check <name>" repeats one.`);
  }
  return { passed, failed: failed.length };
}

if (import.meta.main) process.exitCode = (await check(process.argv.slice(2))).failed > 0 ? 1 : 0;
