// Loaded with --import before everything else: breaks one rule of the code while it is read. See mutants.ts.
import { registerHooks } from "node:module";
import { MUTANTS, type MutantName } from "./mutants.ts";

const name = process.env["MUTANT"] as MutantName;
const { file, from, to } = MUTANTS[name];
const target = new URL(`../${file}`, import.meta.url).href;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== target) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    if (source.split(from).length !== 2) throw new Error(`Mutant ${name} does not fit ${file} any more: its text must occur exactly once.`);
    return { ...loaded, source: source.replace(from, () => to) };
  },
});
