import type { Command } from "commander";
import type { Io } from "./io.ts";

/** Builds one command: only its words; the work happens in its action. */
export type Verb = (io: Io) => Command;
