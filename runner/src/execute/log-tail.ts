import type { Line } from "./frame.ts";

interface Kept {
  line: Line;
  bytes: number;
}

/** The end of an output that was longer than its limit: always the newest lines, up to a fixed size. */
export interface LogTail {
  push: (line: Line, bytes: number) => void;
  lines: () => Kept[];
  /** Bytes of output that are neither here nor before: what the gap swallowed. */
  leftOut: () => number;
}

const MOST_BYTES = 1024 * 1024;
// What an empty line takes in memory, so that a flood of them stays small, too.
const LINE_COST = 64;

export function createTail(): LogTail {
  let kept: (Kept | null)[] = [];
  let head = 0;
  let cost = 0;
  let leftOut = 0;
  return {
    push(line, bytes) {
      kept.push({ line, bytes });
      cost += bytes + LINE_COST;
      while (cost > MOST_BYTES && head < kept.length - 1) {
        const gone = kept[head]?.bytes ?? 0;
        cost -= gone + LINE_COST;
        leftOut += gone;
        kept[head] = null;
        head += 1;
      }
      if (head > 4096) {
        kept = kept.slice(head);
        head = 0;
      }
    },
    lines: () => kept.filter((each) => each !== null),
    leftOut: () => leftOut,
  };
}
