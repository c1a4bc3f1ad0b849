import { spawn, type ChildProcess } from "node:child_process";
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Readable } from "node:stream";
import { codeOf, isDiskFull, StartFailure, wordsOf } from "#errors/start-failure.ts";
import type { Enclosure } from "./containment.ts";
import { findForbidden, findProgram, missingInterpreter } from "./find-program.ts";
import { childOf } from "./guard.ts";
import { startTicks } from "./proc.ts";

export interface CliLaunch {
  program: string;
  args: string[];
  /** The whole environment; nothing is added to it. */
  env: Record<string, string>;
  directory: string;
  /** Written to stdin, which is then closed; null = no stdin at all. */
  stdin: string | null;
}

export interface CliExit {
  /** null when a signal ended it. */
  code: number | null;
  signal: string;
}

export interface CliProcess {
  /** As the runner sees it, not as it sees itself inside a namespace. */
  pid: number;
  startTicks: bigint;
  /** Settles when pid and start are those of the CLI itself. Output has to be listened to before. */
  entered: Promise<void>;
  /** null at L0. */
  enclosure: Enclosure | null;
  /** performance.now() of the start. */
  startedAt: number;
  stdout: Readable;
  stderr: Readable;
  /** null as long as it runs. */
  exit: () => CliExit | null;
  exited: Promise<CliExit>;
  /** Both pipes have ended: nothing more can be read. */
  drained: Promise<void>;
  /** Stops reading, for pipes that somebody else still holds open. */
  abandonPipes: () => void;
}

/** Longest single argument that Linux takes, with its final NUL. */
const LONGEST_ARGUMENT = 131_072;
const LONGEST_ENTRY_MS = 2_000;

/** Starts a CLI in a session and process group of its own. Throws a StartFailure that says whose fault it is. */
export async function spawnCli(launch: CliLaunch, enclosure: Enclosure | null = null): Promise<CliProcess> {
  if (enclosure !== null) refuseUnstartable(launch);
  const { program, args } = enclosure?.wrap(launch) ?? launch;
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd: launch.directory,
      env: launch.env,
      detached: true,
      stdio: [launch.stdin === null ? "ignore" : "pipe", "pipe", "pipe"],
    });
  } catch (error) {
    throw whyNotStarted(launch, error);
  }
  if (child.pid === undefined) {
    const error = await new Promise<Error>((failed) => child.once("error", failed));
    throw whyNotStarted(launch, error);
  }
  const cli = started(child, child.pid, launch.stdin, enclosure);
  if (enclosure !== null && enclosure.guard !== null) cli.entered = enter(cli);
  return cli;
}

function started(child: ChildProcess, pid: number, stdin: string | null, enclosure: Enclosure | null): CliProcess {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("the pipes of the CLI are missing");
  let exit: CliExit | null = null;
  const exited = new Promise<CliExit>((done) => {
    child.once("exit", (code, signal) => {
      exit = { code, signal: signal ?? "" };
      done(exit);
    });
  });
  const drained = new Promise<void>((done) => child.once("close", () => done()));
  // Only a failed kill() of our own could still say something here, and we signal by pid.
  child.on("error", () => {});
  if (child.stdin !== null) {
    // A CLI may end without reading its prompt.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin ?? "");
  }
  return {
    pid,
    startTicks: startTicks(pid),
    entered: Promise.resolve(),
    enclosure,
    startedAt: performance.now(),
    stdout,
    stderr,
    exit: () => exit,
    exited,
    drained,
    abandonPipes: () => {
      stdout.destroy();
      stderr.destroy();
    },
  };
}

/** Waits for the process that waits for the CLI to send it into the namespace. One that is too quick to be seen keeps the pid of the other. */
async function enter(cli: CliProcess): Promise<void> {
  const deadline = cli.startedAt + LONGEST_ENTRY_MS;
  while (cli.exit() === null && performance.now() < deadline) {
    const child = childOf(cli.pid);
    if (child !== null) {
      cli.startTicks = startTicks(child);
      cli.pid = child;
      return;
    }
    await sleep(1);
  }
}

/** What enters the enclosure could only say in its own words that the CLI is not to be started, so look first. */
function refuseUnstartable(launch: CliLaunch): void {
  const { program, directory, env } = launch;
  const at = isDirectory(directory) ? findProgram(program, env["PATH"] ?? "", directory) : null;
  if (at !== null && missingInterpreter(at) === null) return;
  const forbidden = at === null && findForbidden(program, env["PATH"] ?? "", directory) !== null;
  throw whyNotStarted(launch, Object.assign(new Error(), { code: forbidden ? "EACCES" : "ENOENT" }));
}

/** The system says ENOENT for a missing directory as well as for a missing program, so look before blaming the CLI. */
function whyNotStarted(launch: CliLaunch, error: unknown): StartFailure {
  const { program, args, directory } = launch;
  if (!isDirectory(directory)) {
    return new StartFailure(
      "directory_missing",
      `The working directory ${directory} is not there. Nothing was started; make it again or choose another.`,
    );
  }
  const code = codeOf(error);
  if (code === "ENOENT") {
    const found = findProgram(program, launch.env["PATH"] ?? "", directory);
    if (found === null) {
      return new StartFailure(
        "cli_missing",
        `The program ${program} was not found. Nothing was started; install it or correct the CLI's command.`,
      );
    }
    return new StartFailure(
      "spawn_failed",
      `${found} could not be started: the interpreter that its first line names is missing. Nothing was started; install it or correct that line.`,
    );
  }
  if (isDiskFull(error))
    return new StartFailure("disk_full", `${program} could not be started because the disk is full. Nothing was started; free some space.`);
  if (code === "E2BIG") {
    const longest = Math.max(...args.map((argument) => Buffer.byteLength(argument)));
    const what =
      longest >= LONGEST_ARGUMENT
        ? `an argument of ${longest} bytes, and the system takes 131,071`
        : "more arguments than the system takes";
    return new StartFailure(
      "spawn_failed",
      `${program} could not be started with ${what}. Nothing was started; let the CLI read its prompt from standard input or from a file.`,
    );
  }
  const words = code === "EACCES" ? "it may not be executed" : wordsOf(error);
  return new StartFailure("spawn_failed", `${program} could not be started: ${words}. Nothing was started; correct that and try again.`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
