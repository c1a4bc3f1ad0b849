import { accessSync, chmodSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { loadConfig } from "#config/config.ts";
import type { LoadedConfig } from "#config/config.ts";
import { existingPaths } from "#config/paths.ts";
import type { DataPaths } from "#config/paths.ts";
import { Problem } from "#errors/problem.ts";
import { offerGoodConfig } from "./last-good-config.ts";

type Flags = Record<string, unknown>;

export function loadConfigHere(flags: Flags): LoadedConfig {
  try {
    return loadConfig({ env: process.env, flags, cwd: process.cwd(), home: homedir() });
  } catch (error) {
    throw offerGoodConfig(error, dataDirWithoutFile(flags));
  }
}

/** Where the data is, as far as that can be known without the file. */
function dataDirWithoutFile(flags: Flags): string {
  const named = process.env["MALAMAR_DATA_DIR"] || flags["dataDir"];
  return typeof named === "string" && named !== "" ? resolve(named.replace(/^~(?=$|\/)/, homedir())) : join(homedir(), ".malamar");
}

/** Paths for commands that have to work whatever the configuration looks like: a running server must be stoppable after a slip in its file. */
export function findPaths(flags: Flags): { paths: DataPaths; loaded?: LoadedConfig; problem?: unknown } {
  try {
    const loaded = loadConfigHere(flags);
    return { paths: existingPaths(loaded.config.dataDir), loaded };
  } catch (problem) {
    return { paths: existingPaths(dataDirWithoutFile(flags)), problem };
  }
}

/** Makes sure of a directory that only this user can look into */
export function prepareDataDirectory(dataDir: string): void {
  refuseDataDirectory(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // An empty one that was made beforehand.
  if ((statSync(dataDir).mode & 0o077) !== 0) chmodSync(dataDir, 0o700);
}

/**
 * What is in the way of using a directory for Malamar's data, which nobody else may read: it holds prompts, answers and logs.
 * A directory that does not exist yet is fine. Its mode is not repaired here, since a wrong path (a home directory, /tmp) is
 * the likelier mistake.
 */
export function refuseDataDirectory(dataDir: string): void {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found === undefined) return;
  const refuse = (what: string, nextStep: string) => {
    throw new Problem(
      "invalid",
      "data_directory_unusable",
      `The data directory ${dataDir} ${what}, so nothing was started or changed.`,
      nextStep,
    );
  };
  if (!found.isDirectory()) refuse("is not a directory", "Choose another one with --data-dir.");
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid)
    refuse("belongs to another user", "Start Malamar as its owner, or choose another one with --data-dir.");
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    refuse("cannot be written to", "Check its permissions and that its file system is not mounted read-only.");
  }
  if ((found.mode & 0o077) !== 0 && readdirSync(dataDir).length > 0) {
    refuse("can be read by other users of this machine", `If it is the right one, close it to them: chmod 700 '${dataDir}'`);
  }
}
