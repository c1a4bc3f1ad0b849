/** Ids come from the supervisor and are letters and digits; whatever else arrives must not become part of a path. */
export function isSafeName(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(id);
}
