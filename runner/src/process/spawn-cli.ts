import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { codeOf, isDiskFull, StartFailure, wordsOf } from "#errors/start-failure.ts";
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
  pid: number;
  startTicks: bigint;
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

/** Starts a CLI in a session and process group of its own. Throws a StartFailure that says whose fault it is. */
export async function spawnCli(launch: CliLaunch): Promise<CliProcess> {
  let child: ChildProcess;
  try {
    child = spawn(launch.program, launch.args, {
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
  return started(child, child.pid, launch.stdin);
}

function started(child: ChildProcess, pid: number, stdin: string | null): CliProcess {
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

/** The system says ENOENT for a missing directory as well as for a missing program, so look before blaming the CLI. */
function whyNotStarted(launch: CliLaunch, error: unknown): StartFailure {
  const { program, directory } = launch;
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
  const words = code === "EACCES" ? "it may not be executed" : wordsOf(error);
  return new StartFailure("spawn_failed", `${program} could not be started: ${words}. Nothing was started; correct that and try again.`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function findProgram(program: string, path: string, directory: string): string | null {
  const candidates = program.includes("/")
    ? [isAbsolute(program) ? program : resolve(directory, program)]
    : path.split(delimiter).map((folder) => join(folder, program));
  return candidates.find(mayExecute) ?? null;
}

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
