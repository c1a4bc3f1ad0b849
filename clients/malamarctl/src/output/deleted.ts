/** Says that something is gone, or that it goes as soon as its processes are proven dead. */
export function deletedSentence(what: string, isGone: boolean): string {
  return isGone ? `${what} deleted.` : `${what} is being stopped; it disappears as soon as its processes are proven dead.`;
}
