import { readdirSync, readFileSync } from "node:fs";

export interface Spread {
  median: number;
  least: number;
  most: number;
  of: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN, of: sorted.length };
}

export function median(values: readonly number[]): number {
  return spread(values).median;
}

function quantile(sorted: readonly number[], at: number): number {
  const place = (sorted.length - 1) * at;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Time on a processor that all threads of a process have had so far, milliseconds; threads that ended are not in it. */
export function cpuOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]));
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    // The process, or a thread of it, ended meanwhile.
    return NaN;
  }
}

export interface Row {
  figure: string;
  value: string;
  floor: string;
  ratio: Spread;
  goal: string;
  met: boolean | null;
  peer: string;
}

/** A figure is the median of its rounds, each divided by the floor of the same round. */
export function ratios(values: readonly number[], floors: readonly number[]): Spread {
  return spread(values.map((value, round) => value / (floors[round] ?? NaN)));
}

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map(({ figure, value, floor, ratio, goal, met, peer }) => [
    figure,
    value,
    floor,
    `${ratio.median.toFixed(2)}× (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`,
    goal,
    met === null ? "" : met ? "yes" : "NO",
    peer,
  ]);
  const all = [["figure", "value", "floor", "ratio (least–most)", "goal", "met", "best peer"], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of all)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
