import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "#errors/problem.ts";

/** Where things lie in a data directory, and the one folder of an installation outside of it. */
export interface DataPaths {
  dataDir: string;
  database: string;
  /** Held by the supervisor that owns the directory; see store/instance-lock.ts. */
  instanceLock: string;
  /** Room that is given away when the disk is full; see store/ballast.ts. */
  ballast: string;
  /** One private folder per execution, by id. */
  executions: string;
  /** Working directories of tasks in temp mode, by id. */
  tasks: string;
  /** Framed logs of executions, by id. */
  logs: string;
  /** What runner processes print, by runner id. */
  runnerLogs: string;
  /** Log and process id of a supervisor in the background. */
  supervisorLog: string;
  pidFile: string;
  /** Short enough for sockets, whatever the data directory is called. */
  runtimeDir: string;
  /** Socket of the supervisor, on which runners dial it. */
  runnerSocket: string;
}

/** Linux takes 108 bytes with the closing zero; what is longer fails in ways that name no reason. */
const LONGEST_SOCKET_PATH = 107;

/** @param dataDir absolute; where it exists, its real path, so that two ways to one directory lead to one socket */
export function dataPaths(dataDir: string, uid = process.getuid?.() ?? 0): DataPaths {
  // Not below XDG_RUNTIME_DIR: that one goes when the user logs out, and runners must reach a supervisor that restarts after it.
  const key = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const runtimeDir = join("/tmp", `malamar-${uid}`, key);
  const runnerSocket = join(runtimeDir, "runner.sock");
  if (Buffer.byteLength(runnerSocket) > LONGEST_SOCKET_PATH) throw new Error(`The socket path ${runnerSocket} is too long.`);
  return {
    dataDir,
    database: join(dataDir, "malamar.sqlite"),
    instanceLock: join(dataDir, "instance.lock"),
    ballast: join(dataDir, "ballast"),
    executions: join(dataDir, "executions"),
    tasks: join(dataDir, "tasks"),
    logs: join(dataDir, "logs"),
    runnerLogs: join(dataDir, "runner-logs"),
    supervisorLog: join(dataDir, "supervisor.log"),
    pidFile: join(dataDir, "supervisor.pid"),
    runtimeDir,
    runnerSocket,
  };
}

/** The paths of a data directory that may not exist yet, without making it. */
export function existingPaths(dataDir: string): DataPaths {
  try {
    return dataPaths(realpathSync(dataDir));
  } catch {
    return dataPaths(dataDir);
  }
}

/** Makes every folder that is missing, readable by this user only, and says where they are. */
export function makeDataFolders(dataDir: string): DataPaths {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const paths = dataPaths(realpathSync(dataDir));
  for (const folder of [paths.executions, paths.tasks, paths.logs, paths.runnerLogs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  makeRuntimeDir(paths.runtimeDir);
  return paths;
}

/** Makes the folder of the sockets again when something cleaned /tmp; refuses one that somebody else put there. */
export function makeRuntimeDir(runtimeDir: string, uid = process.getuid?.() ?? 0): void {
  for (const folder of [join(runtimeDir, ".."), runtimeDir]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== uid) {
      throw new Problem(
        "forbidden",
        "runtime_folder_not_ours",
        `${folder} belongs to somebody else, so nothing was started: whoever owns it could take over the sockets in it.`,
        `Remove ${folder} (its owner or root can) and start again.`,
      );
    }
    if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  }
}

/** Files of the program itself. */
export interface ProgramFiles {
  migrations: string;
  /** The built web app. */
  web: string;
  runner: string;
  demoCli: string;
}

/**
 * @param entryDir `import.meta.dirname` of the program's entry file: src/ and dist/ lie equally deep, so one rule serves
 * source and bundle. Runner and demo CLI are started from their bundles also in development.
 */
export function programFiles(entryDir: string): ProgramFiles {
  const repository = join(entryDir, "..", "..");
  return {
    migrations: join(repository, "supervisor", "migrations"),
    web: join(repository, "web", "build"),
    runner: join(repository, "runner", "dist", "runner.cjs"),
    demoCli: join(repository, "runner", "dist", "demo-cli.cjs"),
  };
}
