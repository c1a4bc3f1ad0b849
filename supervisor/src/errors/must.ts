/** For what cannot be missing unless there is a bug: the sentence goes to the log, the caller sees "internal error". */
export function must<T>(value: T | null | undefined, sentence: string): T {
  if (value === null || value === undefined) throw new Error(sentence);
  return value;
}
