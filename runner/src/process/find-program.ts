import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** Where a program is found, as the system looks for it; null = nowhere. */
export function findProgram(program: string, path: string, directory: string): string | null {
  return candidates(program, path, directory).find(mayExecute) ?? null;
}

/** A file of that name is there and may not be executed. */
export function findForbidden(program: string, path: string, directory: string): string | null {
  return candidates(program, path, directory).find((each) => statSync(each, { throwIfNoEntry: false })?.isFile() === true) ?? null;
}

/** The program that a script's first line names, when it is not there; null = all is well. */
export function missingInterpreter(file: string): string | null {
  const bytes = Buffer.alloc(256);
  const opened = openSync(file, "r");
  let length: number;
  try {
    length = readSync(opened, bytes, 0, bytes.length, 0);
  } catch {
    return null;
  } finally {
    closeSync(opened);
  }
  const [, interpreter] = /^#!\s*(\S+)/.exec(bytes.toString("latin1", 0, length)) ?? [];
  return interpreter === undefined || mayExecute(interpreter) ? null : interpreter;
}

function candidates(program: string, path: string, directory: string): string[] {
  if (program.includes("/")) return [isAbsolute(program) ? program : resolve(directory, program)];
  return path.split(delimiter).map((folder) => join(folder, program));
}

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
