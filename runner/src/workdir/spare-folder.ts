// An empty execution folder that lies ready. To make a file costs the system far more than to fill one that is there, so
// the folder of the next execution is made while a CLI runs, and a grant only has to rename it.
import { closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { complain } from "#errors/complain.ts";
import { codeOf } from "#errors/start-failure.ts";
import { executionsFolder, type ExecutionFolder } from "./execution-folder.ts";

export interface SpareFolders {
  /** Gives the execution its folder; false when none lies ready. */
  take: (folder: ExecutionFolder) => boolean;
  /** Makes the next one as soon as there is nothing better to do, unless there is one. */
  refill: () => void;
  remove: () => void;
}

/** What every execution writes. Everything else is made when it is needed, above all the answer. */
const FILES = ["input.md", "prompt.txt", "meta.json", "stdout.log"];

export function createSpareFolders(dataDir: string, runnerId: string): SpareFolders {
  const path = join(executionsFolder(dataDir), `.spare-${runnerId}`);
  let state: "none" | "planned" | "ready" | "removed" = "none";

  function make(): void {
    if (state !== "planned") return;
    state = "none";
    try {
      mkdirSync(executionsFolder(dataDir), { recursive: true, mode: 0o700 });
      makeEmpty(path);
      for (const name of FILES) closeSync(openSync(join(path, name), "wx", 0o600));
      state = "ready";
    } catch (error) {
      // The next execution makes its own folder, and says what is wrong if that fails as well.
      complain("No spare folder could be made.", { path, error });
    }
  }

  return {
    take(folder) {
      if (state !== "ready") return false;
      state = "none";
      try {
        renameSync(path, folder.path);
        return true;
      } catch (error) {
        // There may be a folder of that name, left over from a start that was cut short.
        if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") complain("The spare folder could not be used.", { path, error });
        return false;
      }
    },
    refill() {
      if (state !== "none") return;
      state = "planned";
      setImmediate(make);
    },
    remove() {
      if (state === "ready") rmSync(path, { recursive: true, force: true });
      state = "removed";
    },
  };
}

/** A folder that is there was left by a killed runner of this name. */
function makeEmpty(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { mode: 0o700 });
  }
  mkdirSync(join(path, "tmp"), { mode: 0o700 });
}
