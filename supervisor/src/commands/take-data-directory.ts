import { existsSync } from "node:fs";
import { makeDataFolders } from "#config/paths.ts";
import type { DataPaths } from "#config/paths.ts";
import { Problem } from "#errors/problem.ts";
import { type Ballast, openBallast } from "#store/ballast.ts";
import { makeRoom } from "#store/disk-watch.ts";
import { lockInstance } from "#store/instance-lock.ts";
import { prepareDataDirectory } from "./data-directory.ts";
import { livingSupervisor, ownRecord, removeRecord, writeRecord } from "./record.ts";
import type { SupervisorRecord } from "./record.ts";

export interface TakenDirectory {
  paths: DataPaths;
  /** The supervisor before did not come to its end, so the database deserves a look. */
  unclean: boolean;
  /** Says where this supervisor is to be found. */
  publish: (url: string) => void;
  ballast: Ballast;
  /** The end. @param clean nothing of this supervisor is left; otherwise the next one knows that it has to look at the database */
  release: (clean: boolean) => void;
}

/** Makes this process the only supervisor of a data directory, or refuses and touches nothing. */
export function takeDataDirectory(
  dataDir: string,
  own: Pick<SupervisorRecord, "instance" | "version" | "startedAt" | "background">,
): TakenDirectory {
  prepareDataDirectory(dataDir);
  const paths = makeDataFolders(dataDir);
  const unlock = lock(paths);
  const unclean = existsSync(paths.pidFile);
  const record = ownRecord(own);
  const ballast = openBallast(paths.ballast);
  makeRoom(ballast);
  writeRecord(paths.pidFile, record);
  return {
    paths,
    unclean,
    ballast,
    publish: (url) => writeRecord(paths.pidFile, { ...record, url }),
    release(clean) {
      if (clean) removeRecord(paths.pidFile);
      unlock();
    },
  };
}

function lock(paths: DataPaths): () => void {
  try {
    return lockInstance(paths.instanceLock);
  } catch (error) {
    const first = livingSupervisor(paths.pidFile);
    if (!(error instanceof Problem) || error.reason !== "already_running" || first === undefined) throw error;
    const where = first.url === "" ? "it is just starting" : first.url;
    const message = `Another Malamar supervisor (process ${first.pid}, ${where}) has the data directory ${paths.dataDir}; this one touched nothing.`;
    throw new Problem(error.kind, error.reason, message, error.nextStep);
  }
}
