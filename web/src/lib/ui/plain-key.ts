/** The key of a one-key shortcut, or nothing while somebody types, chooses or uses another shortcut. */
export function plainKey(event: KeyboardEvent): string | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
  const at = event.target instanceof HTMLElement ? event.target : undefined;
  if (at?.isContentEditable || at?.closest("input, textarea, select")) return undefined;
  return event.key;
}
