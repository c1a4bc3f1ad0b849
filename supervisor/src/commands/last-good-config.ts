import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "#errors/problem.ts";

const copyIn = (dataDir: string): string => join(dataDir, "malamar.yaml.last-good");

/** Keeps the configuration with which a start has worked. @returns what to say when the file was there the last time and is not now */
export function keepGoodConfig(file: string, dataDir: string): string | undefined {
  const copy = copyIn(dataDir);
  const content = contentOf(file);
  const last = contentOf(copy);
  if (content === "" && last !== "") {
    const what = existsSync(file) ? "is empty" : "is gone";
    return `${file} ${what}, so the defaults are in force. As it was at the last start: ${copy}. To go back: cp '${copy}' '${file}'`;
  }
  if (content !== last) {
    writeFileSync(`${copy}.part`, content, { mode: 0o600 });
    renameSync(`${copy}.part`, copy);
  }
  return undefined;
}

/** Names the last configuration that worked to somebody whose present one has mistakes. */
export function offerGoodConfig(error: unknown, dataDir: string): unknown {
  const copy = copyIn(dataDir);
  if (!(error instanceof Problem) || error.reason !== "bad_configuration" || !existsSync(copy)) return error;
  const { kind, reason, message, nextStep, violations } = error;
  return new Problem(kind, reason, message, `${nextStep}\nThe file as it was when a start last worked: ${copy}`, violations);
}

/** "" for a file that is not there or cannot be read: then whoever reads it for its content says so. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
