import { InvalidArgumentError, Option } from "commander";
import { valueOf, type Words, wordsOf } from "#output/words.ts";

/** An option that takes one word of an enum; the words stand in the help. */
export function enumOption<T extends number>(flags: string, description: string, words: Words<T>): Option {
  return new Option(flags, `${description} (${wordsOf(words).join(", ")})`).argParser((text) => enumWord(text, words));
}

/** The same for several words with commas between them. */
export function enumListOption<T extends number>(flags: string, description: string, words: Words<T>): Option {
  return new Option(flags, `${description} (${wordsOf(words).join(", ")}; several with commas)`).argParser((text) =>
    text.split(",").map((word) => enumWord(word, words)),
  );
}

export function enumWord<T extends number>(text: string, words: Words<T>): T {
  const value = valueOf(words, text);
  if (value === undefined) throw new InvalidArgumentError(`Allowed words are ${wordsOf(words).join(", ")}.`);
  return value;
}
