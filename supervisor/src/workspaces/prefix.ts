import { isPrefix } from "./workspace.ts";

const LONGEST = 8;

/** Prefix of task keys from a title: the initials of several words, the beginning of one; WS where there are no Latin letters. */
export function prefixOf(title: string): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toUpperCase();
  const words = plain.match(/[A-Z0-9]+/g) ?? [];
  const initials = words
    .map((word) => word.slice(0, 1))
    .join("")
    .slice(0, 4);
  const beginning = words
    .join("")
    .replace(/^[0-9]+/, "")
    .slice(0, 3);
  return [initials, beginning].find(isPrefix) ?? "WS";
}

/** The prefix itself or, when it is taken, with the first number behind it that is free. */
export function freePrefix(wanted: string, taken: (prefix: string) => boolean): string {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? "" : String(number);
    const prefix = wanted.slice(0, LONGEST - ending.length) + ending;
    if (!taken(prefix)) return prefix;
  }
}
