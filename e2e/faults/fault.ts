// One fault of the fault model and its proof. Storage faults lie in storage/*.fault.ts; each file exports one as its default.
import type { Server, ServerOptions } from "#start-malamar.ts";

export interface Fault {
  /** Of the fault model in docs/reliability.md, e.g. "A3". */
  id: string;
  /** A sentence: what happens, and what holds all the same. */
  title: string;
  /** Only in the long form. */
  long?: boolean;
  /** Programs that have to be on the PATH; "root" = to be run as root. What is missing is said, and the fault is skipped; with CI=true it is required. */
  needs?: readonly string[];
  /** Does it to a real Malamar. Throws when something was lost, doubled, half-applied, left behind, or not said. */
  run(context: FaultContext): Promise<void>;
}

export interface FaultContext {
  /** Empty, of this fault alone, removed when it was survived. */
  folder: string;
  /** The same seed does the same again. */
  seed: number;
  /** From 0 up to 1, out of the seed. */
  random: () => number;
  /** The form for every commit: some of the points instead of all, minutes become seconds. */
  short: boolean;
  /** Starts the real program; whatever of it still runs when the fault is over is ended, without hiding what it left. */
  startMalamar(options?: ServerOptions): Promise<Server>;
  log(words: string): void;
  /** Adds to a figure of the closing line, e.g. count("kill points", 12). */
  count(what: string, by?: number): void;
  /** This machine cannot do it: says why and ends the fault as skipped. */
  skip(why: string): never;
}

/** Thrown by `skip`. */
export class Skipped extends Error {}
