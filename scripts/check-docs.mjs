// A document that names a file that is not there is no longer true. Looks at `backticked/paths.ts` in every Markdown file.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow } from "./stamps.mjs";
import { root } from "./steps.mjs";

// Only what clearly is a path of this repository: below one of its folders, without placeholders.
const named = /`((?:supervisor|runner|proto|web|clients|e2e|scripts|docs|bin)\/[\w./[\]+@-]+)`/g;
const linked = /\]\((?!\w+:|#)([^)#\s]+)/g;

const missing = filesBelow(root, ["."])
  .filter((path) => path.endsWith(".md"))
  .flatMap((document) => {
    const text = readFileSync(join(root, document), "utf8");
    const paths = [
      ...[...text.matchAll(named)].map((match) => match[1]),
      ...[...text.matchAll(linked)].map((match) => join(dirname(document), match[1])),
    ];
    // What is built is not there before the first build.
    const lost = paths.filter((path) => !/\/(dist|build)(\/|$)/.test(path) && !existsSync(join(root, path)));
    return lost.map((path) => `${document}: ${path}`);
  });

if (missing.length > 0) {
  console.log(`These documents name files that are not there:\n  ${[...new Set(missing)].join("\n  ")}`);
  process.exitCode = 1;
}
