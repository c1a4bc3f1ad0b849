import type { UnknownEnum } from "@bufbuild/protobuf";

/** A generated enum: names in upper case, 0 = unspecified. */
export type Words<T extends number> = Readonly<Record<string, T>>;

/** The word of an enum value as the documents write it, e.g. "in_review". A value that is newer than this client is said to be so. */
export function wordOf<T extends number>(words: Words<T>, value: NoInfer<T> | UnknownEnum): string {
  if (value === 0) return "";
  const name = Object.keys(words).find((key) => words[key] === value);
  return name === undefined ? `unknown (${value})` : name.toLowerCase();
}

/** Every word that a person can give. */
export function wordsOf(words: Words<number>): string[] {
  return Object.keys(words)
    .filter((key) => words[key] !== 0)
    .map((key) => key.toLowerCase());
}

/** Reads a word in any of its spellings: in_review, in-review, IN_REVIEW. */
export function valueOf<T extends number>(words: Words<T>, text: string): T | undefined {
  const value = words[text.trim().toUpperCase().replaceAll("-", "_")];
  return value === 0 ? undefined : value;
}
