// `pnpm fix`: repairs what can be repaired by a tool. What remains is shown by `pnpm check`.
import { runSteps } from "./steps.mjs";

// One after the other: they write the same files.
const { failed } = await runSteps(
  [
    { name: "proto format", command: [["buf", "format", "--write", "proto"]] },
    { name: "lint", command: [["oxlint", "--fix", "--quiet"]] },
    { name: "lint svelte", command: [["eslint", "--fix", "web/src"]] },
    { name: "format", command: [["prettier", "--write", "--log-level", "warn", "."]] },
  ],
  1,
);
process.exitCode = failed.length > 0 ? 1 : 0;
