// The private folder of one execution. What an audit needs stays until retention removes it; what only carries the
// execution over a crash (spool, result, temporary files) goes when the supervisor has settled it.
import { closeSync, constants, existsSync, mkdirSync, openSync, rmdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { complain } from "#errors/complain.ts";
import { codeOf, isDiskFull, StartFailure, wordsOf } from "#errors/start-failure.ts";

const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;

export interface ExecutionFolder {
  path: string;
  input: string;
  /** Written by the agent; absent before the start, so that an old answer can never be read. */
  output: string;
  prompt: string;
  meta: string;
  stdout: string;
  stderr: string;
  /** TMPDIR of the CLI. */
  temporary: string;
  spool: string;
  result: string;
  comments: string;
  activities: string;
}

export function executionsFolder(dataDir: string): string {
  return join(dataDir, "executions");
}

/** Only names; nothing is made. */
export function executionFolder(dataDir: string, executionId: string): ExecutionFolder {
  const path = join(executionsFolder(dataDir), executionId);
  return {
    path,
    input: `${path}/input.md`,
    output: `${path}/output.json`,
    prompt: `${path}/prompt.txt`,
    meta: `${path}/meta.json`,
    stdout: `${path}/stdout.log`,
    stderr: `${path}/stderr.log`,
    temporary: `${path}/tmp`,
    spool: `${path}/spool.frames`,
    result: `${path}/result.json`,
    comments: `${path}/comments.jsonl`,
    activities: `${path}/activities.jsonl`,
  };
}

/** Makes the folder. One that is already there is left over from a start that a crash cut short, and goes. */
export function makeExecutionFolder(folder: ExecutionFolder): void {
  try {
    makePrivate(folder.path);
    mkdirSync(folder.temporary, { mode: 0o700 });
  } catch (error) {
    throw notMade(folder.path, error);
  }
}

function makePrivate(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "EEXIST") rmSync(path, { recursive: true, force: true });
    else if (codeOf(error) !== "ENOENT") throw error;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

/** Fills a file of a folder that was made for this execution; the file may lie ready or not. */
export function writePrivate(path: string, content: string): void {
  try {
    const file = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(file, content);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw notMade(path, error);
  }
}

/** Replaces a file by a longer version of itself; cheaper than to cut it off first. */
export function overwrite(path: string, longer: string): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, longer, 0);
  } finally {
    closeSync(file);
  }
}

/** Removes what a settled execution needs no longer. */
export function removeLeftovers(folder: ExecutionFolder): void {
  try {
    // Nearly always empty, and then this is all.
    rmdirSync(folder.temporary);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") void removeAll(folder.temporary);
  }
  for (const path of [folder.spool, folder.result]) if (existsSync(path)) rmSync(path, { force: true });
}

/** There may be much of it, so it does not hold up the event loop. */
async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    complain("The temporary files of an execution could not be removed and stay.", { path, error });
  }
}

function notMade(path: string, error: unknown): StartFailure {
  const fault = isDiskFull(error) ? "disk_full" : "spawn_failed";
  const next = fault === "disk_full" ? "free some space" : "make the data directory writable";
  return new StartFailure(fault, `${path} could not be made: ${wordsOf(error)}. Nothing was started; ${next}.`);
}
