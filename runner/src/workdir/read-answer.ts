import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { codeOf } from "#errors/start-failure.ts";

export type AnswerState = "present" | "missing" | "empty" | "not_a_file" | "too_large";

export interface Answer {
  state: AnswerState;
  /** The file's bytes when it is present, otherwise nothing. */
  bytes: Uint8Array;
}

export const LONGEST_ANSWER = 4 * 1024 * 1024;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Reads what the agent answered, after every process of the execution is dead. An agent writes what it likes there, so
 * only a regular file of its own is read, never what a link points to, and a pipe never blocks.
 */
export function readAnswer(path: string): Answer {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    return nothing(code === "ENOENT" || code === "ENOTDIR" ? "missing" : "not_a_file");
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.nlink !== 1) return nothing("not_a_file");
    if (stat.size === 0) return nothing("empty");
    if (stat.size > LONGEST_ANSWER) return nothing("too_large");
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return length === 0 ? nothing("empty") : { state: "present", bytes: bytes.subarray(0, length) };
  } catch {
    return nothing("not_a_file");
  } finally {
    closeSync(file);
  }
}

/** Changes whenever the file does; empty = there is none. Cheap enough to look every second. */
export function answerStamp(path: string): string {
  try {
    const stat = lstatSync(path);
    return stat.isFile() ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : "";
  } catch {
    return "";
  }
}

/** Whether the answer looks complete. Whether it is valid is decided by the supervisor alone. */
export function looksLikeAnswer(path: string): boolean {
  const answer = readAnswer(path);
  if (answer.state !== "present") return false;
  try {
    const value: unknown = JSON.parse(Buffer.from(answer.bytes).toString("utf8"));
    return typeof value === "object" && value !== null && "actions" in value && Array.isArray(value.actions) && value.actions.length > 0;
  } catch {
    return false;
  }
}

function nothing(state: AnswerState): Answer {
  return { state, bytes: new Uint8Array() };
}
