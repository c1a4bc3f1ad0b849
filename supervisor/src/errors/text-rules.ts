import type { Violation } from "./problem.ts";

/** Longest name or title, in characters. */
export const LONGEST_LINE = 255;
/** Longest text that is no line, in bytes. */
const LONGEST_TEXT = 1 << 20;

/** A name or title: one line that is not empty. Text is counted by characters, never bytes. */
export function lineViolations(field: string, value: string, least = 1): Violation[] {
  const length = Array.from(value).length;
  if (length < least || (least > 0 && value.trim() === "")) return [{ field, description: "must not be empty" }];
  if (length > LONGEST_LINE) return [{ field, description: `must be at most ${LONGEST_LINE} characters` }];
  // Line ends and the other control characters, which would break lists, logs and terminals.
  return /[\p{Cc}\u2028\u2029]/u.test(value)
    ? [{ field, description: "must be one line without control characters" }]
    : unpaired(field, value);
}

/** A description or instruction. */
export function textViolations(field: string, value: string): Violation[] {
  if (value.length > LONGEST_TEXT) return [{ field, description: "must be at most 1 MiB" }];
  if (value.includes("\0")) return [{ field, description: "must not contain a zero character" }];
  return unpaired(field, value);
}

/** Half a character would be stored as another one. */
function unpaired(field: string, value: string): Violation[] {
  return value.isWellFormed() ? [] : [{ field, description: "must be valid Unicode" }];
}
