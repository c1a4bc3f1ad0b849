/** Every id looks so, and no key of a task does. A title or a name may, by accident. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9]{21}$/.test(text);
}

/** A task's short name, e.g. MAL-42. */
export function isTaskKey(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]{1,7}-\d{1,10}$/.test(text);
}
