// An empty execution folder that lies ready. To make a file costs the system far more than to fill one that is there, so
// the folder of the next execution is made while a CLI runs, and a grant only has to rename it.
import { renameSync, rmSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { complain } from "#errors/complain.ts";
import { codeOf } from "#errors/start-failure.ts";
import { executionsFolder, type ExecutionFolder } from "./execution-folder.ts";

export interface SpareFolders {
  /** Gives the execution its folder; false when none lies ready. */
  take: (folder: ExecutionFolder) => boolean;
  /** Makes the next one, unless there is one; nobody waits for it. */
  refill: () => void;
  remove: () => void;
}

/** What every execution writes. Everything else is made when it is needed, above all the answer. */
const FILES = ["input.md", "prompt.txt", "meta.json", "stdout.log"];

export function createSpareFolders(dataDir: string, runnerId: string): SpareFolders {
  const path = join(executionsFolder(dataDir), `.spare-${runnerId}`);
  let state: "none" | "making" | "ready" | "removed" = "none";

  async function make(): Promise<void> {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true, mode: 0o700 });
    await mkdir(join(path, "tmp"), { mode: 0o700 });
    for (const name of FILES) await (await open(join(path, name), "wx", 0o600)).close();
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
      state = "making";
      make().then(
        () => {
          if (state === "removed") rmSync(path, { recursive: true, force: true });
          else state = "ready";
        },
        (error: unknown) => {
          // Without it the next execution makes its own folder, and says what is wrong if that fails as well.
          if (state !== "removed") complain("No spare folder could be made.", { path, error });
          if (state !== "removed") state = "none";
        },
      );
    },
    remove() {
      const wasReady = state === "ready";
      state = "removed";
      if (wasReady) rmSync(path, { recursive: true, force: true });
    },
  };
}
