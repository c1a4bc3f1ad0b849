import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { existingPaths } from "#config/paths.ts";
import type { DataPaths } from "#config/paths.ts";
import { askHealth } from "./ask.ts";
import { loadConfigHere, prepareDataDirectory } from "./data-directory.ts";
import { EXIT } from "./exit-code.ts";
import { livingSupervisor } from "./record.ts";
import { complain, row, say } from "./say.ts";

const LOG_ROTATES_AT = 16 * 1024 * 1024;
/** A large database that is checked or brought up to date takes its time; a word says so. */
const PATIENCE = 5000;

/** Starts the supervisor in the background and waits until it answers. @param serveArgs arguments of `malamar serve` */
export async function start(flags: Record<string, unknown>, serveArgs: readonly string[]): Promise<number> {
  const { config } = loadConfigHere(flags);
  prepareDataDirectory(config.dataDir);
  const paths = existingPaths(config.dataDir);
  const running = livingSupervisor(paths.pidFile);
  if (running !== undefined) {
    say(`Malamar is running already: ${running.url || "it is just starting"} (process ${running.pid}).`);
    return EXIT.ok;
  }
  rotate(paths.supervisorLog);
  const saidBefore = sizeOf(paths.supervisorLog);
  const child = launch(serveArgs, paths.supervisorLog);
  const url = await untilReady(child, paths);
  if (url === undefined) {
    complain(
      `Malamar did not start. What it said:\n\n${readFileSync(paths.supervisorLog, "utf8").slice(saidBefore).trim() || "(nothing)"}`,
    );
    return child.exitCode ?? EXIT.failed;
  }
  say(`Malamar is ready: ${url}`);
  say(row("data", paths.dataDir));
  say(row("log", paths.supervisorLog));
  say("Stop it with `malamar stop`; see how it does with `malamar status`.");
  return EXIT.ok;
}

/** This very program again, in a session of its own. */
function launch(serveArgs: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const args = [...process.execArgv, process.argv[1] ?? "", "serve", "--background", ...serveArgs];
    const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log] });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** @returns its address, or undefined when it ended instead */
async function untilReady(child: ChildProcess, paths: DataPaths): Promise<string | undefined> {
  const since = performance.now();
  let told = false;
  let failed = false;
  child.once("error", (error) => {
    failed = true;
    complain(`The program could not be started: ${error.message}`);
  });
  while (!failed && child.exitCode === null && child.signalCode === null) {
    const record = livingSupervisor(paths.pidFile);
    if (record?.pid === child.pid && record?.url && (await askHealth(record)) === "ok") return record.url;
    if (!told && performance.now() - since > PATIENCE) {
      told = true;
      say(`Malamar is still starting; it may be checking its database. Its log: ${paths.supervisorLog}`);
    }
    await sleep(50);
  }
  return undefined;
}

function rotate(logFile: string): void {
  if (sizeOf(logFile) > LOG_ROTATES_AT) renameSync(logFile, `${logFile}.1`);
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
