/** The word for an enum value of the contract. A newer supervisor may know values that this page does not: those get the fallback. */
export function wordOf(words: Readonly<Record<number, string>>, value: number, fallback = ""): string {
  return words[value] ?? fallback;
}
