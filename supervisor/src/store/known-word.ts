/** Decodes a word of a row or fails: an unknown word must never pass for a known one. `place` is table and column, for the log. */
export function knownWord<const W extends string>(words: readonly W[], value: unknown, place: string): W {
  if ((words as readonly unknown[]).includes(value)) return value as W;
  throw new Error(`${place} holds ${JSON.stringify(value)}, which this version of Malamar does not know.`);
}
