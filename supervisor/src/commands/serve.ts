import { homedir } from "node:os";
import type { Logger } from "pino";
import type { LoadedConfig } from "#config/config.ts";
import { startSupervisor } from "#main.ts";
import type { Supervisor } from "#main.ts";
import { loadConfigHere } from "./data-directory.ts";
import { EXIT } from "./exit-code.ts";
import { keepGoodConfig } from "./last-good-config.ts";
import { openLog } from "./log.ts";
import { complain, row, say } from "./say.ts";

export interface ServeOptions {
  flags: Record<string, unknown>;
  version: string;
  entryDir: string;
  /** Started by `malamar start`: no terminal, and a hang-up of the one it was started from means nothing. */
  background: boolean;
}

/** How long an end may take before the process is ended all the same. Milliseconds. */
const LONGEST_END = { keep: 4500, now: 11_500 } as const;

/** Runs the supervisor in this process until a signal ends it. */
export async function serve({ flags, version, entryDir, background }: ServeOptions): Promise<void> {
  const loaded = loadConfigHere(flags);
  const isTerminal = process.stdout.isTTY && !background;
  const log = await openLog({ level: loaded.config.logLevel, format: loaded.config.logFormat, isTerminal });
  const die = (error: unknown, what: string, code: number = EXIT.failed) => {
    log.fatal({ err: error }, what);
    process.exit(code);
  };
  // Nothing is known about the state after one of these; what is on disk is whole, and a new process starts from there.
  process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
    // The terminal or the pipe that the log went to is gone, or its disk is full; the work goes on.
    if (error.syscall === "write" && ["EIO", "EPIPE", "ENOSPC"].includes(error.code ?? "")) return;
    die(error, "an error that nobody caught; Malamar ends");
  });
  process.on("unhandledRejection", (error) => die(error, "a failure that nobody waited for; Malamar ends"));
  if (background) process.on("SIGHUP", () => {});

  // Before anything is begun: whoever stops a server that is just starting gets a clean end, too.
  const started = Promise.withResolvers<Supervisor>();
  endOnSignals(started.promise, log, background);
  const onFatal = (error: unknown) =>
    die(
      error,
      "the database can no longer be trusted; Malamar ends at once, the runners carry their steps on, and the next start checks it",
      EXIT.storageFailed,
    );
  startSupervisor({ loaded, version, entryDir, env: process.env, background, log, onFatal }).then(started.resolve, started.reject);
  const supervisor = await started.promise;
  keepConfig(loaded, supervisor, log);
  if (!isTerminal) log.info({ url: supervisor.url, dataDir: supervisor.paths.dataDir, version }, "Malamar is ready");
  // Whatever reads the log from a pipe gets the log and nothing else.
  if (!background) sayWelcome(supervisor, isTerminal ? say : complain);
}

function keepConfig({ file }: LoadedConfig, { paths }: Supervisor, log: Logger): void {
  try {
    const warning = keepGoodConfig(file, paths.dataDir);
    if (warning !== undefined) log.warn(warning);
  } catch (error) {
    log.warn({ err: error }, "the configuration could not be kept beside the data; nothing else depends on it");
  }
}

/**
 * Ctrl-C: stop now, nothing is left running. TERM: the steps go on without us. USR2: wait for the steps, then as TERM.
 * A second Ctrl-C does not wait for anything.
 */
function endOnSignals(starting: Promise<Supervisor>, log: Logger, background: boolean): void {
  let endingSince: number | undefined;

  function end(steps: "keep" | "now"): void {
    if (endingSince !== undefined) {
      // A terminal and a program in between may both pass on one and the same Ctrl-C.
      if (steps === "now" && performance.now() - endingSince > 500) process.exit(EXIT.interrupted);
      return;
    }
    endingSince = performance.now();
    log.info(
      steps === "now" ? "stopping now: the running steps are stopped and start again next time" : "stopping: runners carry their steps on",
    );
    setTimeout(() => {
      log.error("the end took too long and is cut short; the database is checked at the next start");
      process.exit(EXIT.failed);
    }, LONGEST_END[steps]).unref();
    // A start that failed says so itself.
    void starting.then(
      (supervisor) => leave(supervisor, steps, log),
      () => {},
    );
  }

  process.on("SIGINT", () => end("now"));
  process.on("SIGTERM", () => end("keep"));
  if (!background) process.on("SIGHUP", () => end("keep"));
  process.on("SIGUSR2", () => {
    log.info("draining: nothing new is started, and Malamar stops when the last step has ended");
    starting
      .then((supervisor) => supervisor.drain())
      .then(
        () => end("keep"),
        (error: unknown) => log.error({ err: error }, "draining failed"),
      );
  });
}

async function leave(supervisor: Supervisor, steps: "keep" | "now", log: Logger): Promise<never> {
  try {
    await supervisor.stop(steps);
  } catch (error) {
    log.fatal({ err: error }, "the end failed; the database is checked at the next start");
    process.exit(EXIT.failed);
  }
  log.info("stopped");
  process.exit(EXIT.ok);
}

function sayWelcome({ url, paths, sampleCli }: Supervisor, print: (line: string) => void): void {
  const home = homedir();
  const short = paths.dataDir.startsWith(`${home}/`) ? paths.dataDir.replace(home, "~") : paths.dataDir;
  print("");
  print(`  Malamar is ready: ${url}`);
  print("");
  print(row("data", short));
  if (sampleCli === "demo") print(row("sample team", "demo CLI: a scripted agent, no account, no tokens"));
  else if (sampleCli !== undefined) print(row("sample team", `${sampleCli}, as it is signed in here`));
  print("");
  print("  Next: open the address in a browser, or in another terminal:");
  print('    ./bin/malamarctl task create "Say hello" --wait');
  print("  Ctrl-C stops Malamar and everything it runs.");
  print("");
}
