// A file over 400 lines says in its first comment why it is not two files: a sentence that begins with "Over 400 lines".
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "./stamps.mjs";
import { root } from "./steps.mjs";

const LIMIT = 400;
const written = /\.(ts|svelte|mjs|js|sql|proto|py|sh)$/;
const generated = /^proto\/gen\/|\/(recordings|fixtures)\/|^supervisor\/schema\.sql$/;

const tooLong = filesBelow(root, ["."])
  .filter((path) => written.test(path) && !generated.test(path))
  .map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").trimEnd().split("\n") }))
  .filter(({ lines }) => lines.length > LIMIT && !/over 400 lines/i.test(lines.slice(0, 30).join("\n")));

for (const { path, lines } of tooLong)
  console.log(`${path} has ${lines.length} lines. Split it along a seam, or say why not ("Over 400 lines because …") at its top.`);
if (tooLong.length > 0) process.exitCode = 1;
