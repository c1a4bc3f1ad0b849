import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, isAbsolute, join } from "node:path";
import type { Cli } from "#config/cli.ts";
import type { DataPaths, ProgramFiles } from "#config/paths.ts";
import { Problem } from "#errors/problem.ts";
import { reserveOf } from "#store/disk-state.ts";
import { refuseDataDirectory } from "./data-directory.ts";
import { critical, note, ok, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";

const MIB = 1024 * 1024;

export function lookAtNode(version: string): Finding {
  const enough = Number(version.replace(/^v/, "").split(".")[0]) >= 24;
  return enough
    ? ok(`Node ${version}`)
    : critical(`Node ${version} is too old; Malamar needs 24 or newer`, "npm start  (brings its own Node)");
}

/** @param reserve the setting of that name */
export function lookAtDataDirectory({ dataDir }: DataPaths, reserve: number | "auto"): Finding[] {
  if (!existsSync(dataDir)) return [note(`data directory ${dataDir}: not there yet; the first start makes it`)];
  try {
    refuseDataDirectory(dataDir);
  } catch (error) {
    if (error instanceof Problem) return [critical(error.message, error.nextStep)];
    throw error;
  }
  const { bavail, blocks, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  const needed = reserveOf(reserve, blocks * bsize);
  const space = `${Math.floor(free / MIB)} MiB free where the data is`;
  const fix = `df -h '${dataDir}'`;
  const tooLittle = `${space}; below ${Math.floor(needed / MIB)} MiB no work is started`;
  const room = free < needed ? critical(tooLittle, fix) : free < 1024 * MIB ? warning(space, fix) : ok(space);
  return [ok(`data directory ${dataDir}, closed to other users`), room];
}

export function lookAtProgram(files: ProgramFiles): Finding[] {
  return [
    existsSync(files.runner)
      ? ok("runner program")
      : critical("the runner program is not built, so no step can be carried out", "pnpm build"),
    existsSync(files.demoCli) ? ok("demo CLI") : warning("the demo CLI is not built", "pnpm build"),
    existsSync(join(files.web, "index.html"))
      ? ok("web app")
      : warning("the web app is not built; the command line and the API work", "pnpm build"),
  ];
}

/** @param ours a supervisor of this data directory has the port */
export async function lookAtPort(host: string, port: number, ours: boolean): Promise<Finding> {
  if (ours) return ok(`port ${port} is used by this Malamar`);
  if (port === 0) return ok("any free port");
  const code = await tryToListen(host, port);
  if (code === undefined) return ok(`port ${port} is free`);
  return critical(
    `port ${port} cannot be used (${code === "EADDRINUSE" ? "another program has it" : code})`,
    `ss -ltnp 'sport = :${port}'`,
  );
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

/** What agents can be run by. A CLI that is missing is no fault as long as no agent names it. */
export function lookAtClis(clis: readonly Cli[], path: string): Finding[] {
  return clis.map(({ name, title, custom }) => {
    const program = custom?.command[0];
    if (program === undefined) return ok(`CLI ${name}: ${title}`);
    const found = findProgram(program, path);
    if (found !== undefined) return ok(`CLI ${name}: ${found}`);
    return warning(`CLI ${name}: the program ${program} is not found; tasks whose agents use it wait`, `command -v '${program}'`);
  });
}

function findProgram(program: string, path: string): string | undefined {
  const places = isAbsolute(program) ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
