const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Timers of Node run at once when they are set further away than this. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds of "30s", "5m", "1.5h", "0" or a plain number; undefined when it is none of them. */
export function readDuration(raw: unknown): number | undefined {
  return read(raw, MILLISECONDS);
}

/** Bytes of "256 MiB", "1GB" or a plain number; undefined when it is none of them. */
export function readSize(raw: unknown): number | undefined {
  return read(raw, BYTES);
}

function read(raw: unknown, units: Record<string, number>): number | undefined {
  const [, digits, unit] = /^\s*(\d{1,16}(?:\.\d{1,3})?)\s*([A-Za-z]*)\s*$/.exec(String(raw)) ?? [];
  if (typeof raw !== "number" && typeof raw !== "string") return undefined;
  if (digits === undefined || unit === undefined || (unit !== "" && !Object.hasOwn(units, unit))) return undefined;
  return Math.round(Number(digits) * (units[unit] ?? 1));
}

/** Shortest exact way to write milliseconds, e.g. "5m"; what `readDuration` reads. */
export function writeDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  const [unit, size] = Object.entries(MILLISECONDS).findLast(([, each]) => milliseconds % each === 0) ?? ["ms", 1];
  return `${milliseconds / size}${unit}`;
}
