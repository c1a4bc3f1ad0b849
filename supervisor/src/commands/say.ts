/** These commands speak to a person or a script on a terminal: results on stdout. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** What went wrong, on stderr. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Aligned label and value. */
export function row(label: string, value: string): string {
  return `  ${label.padEnd(16)} ${value}`;
}

/** E.g. "3 steps", "1 step". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** E.g. "2 h 5 min". */
export function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.max(Math.floor(milliseconds / 1000), 0)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
