import { resolve } from "node:path";
import { usage } from "#exit-code.ts";
import type { Io } from "#io.ts";

/** A longer text from the command line, from a file, or from standard input ("-"). Undefined when none was given. */
export async function textFrom(io: Io, text: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (text !== undefined && file !== undefined)
    throw usage("the text is given twice, as an argument and with --file", "Leave one of them out.");
  if (text === "-" || file === "-") return await io.readStdin();
  if (file === undefined) return text;
  try {
    return io.readFile(resolve(io.directory, file));
  } catch (error) {
    throw usage(`the file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, "Nothing was changed.");
  }
}
