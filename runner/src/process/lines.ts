/** Longest piece of a line in bytes. A longer line goes on in the next piece. */
export const LONGEST_LINE = 64 * 1024;

/** `bytes` counts what the piece took in the output, with its line end. */
export type OnLine = (text: string, continues: boolean, bytes: number) => void;

export interface LineSplitter {
  push: (chunk: Buffer) => void;
  /** The output has ended: what is left is a line without a line end. */
  end: () => void;
}

/** Cuts a stream of bytes into lines of valid text. Never holds more than one piece. */
export function splitLines(onLine: OnLine): LineSplitter {
  let rest: Buffer | null = null;

  function cutLong(data: Buffer, from: number, to: number): number {
    let start = from;
    while (to - start > LONGEST_LINE) {
      const cut = characterStart(data, start + LONGEST_LINE);
      onLine(data.toString("utf8", start, cut), true, cut - start);
      start = cut;
    }
    return start;
  }

  return {
    push(chunk) {
      const data: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
        const from = cutLong(data, start, end);
        const to = end > from && data[end - 1] === 13 ? end - 1 : end;
        onLine(data.toString("utf8", from, to), false, end + 1 - from);
        start = end + 1;
      }
      start = cutLong(data, start, data.length);
      // Copied, so that a few waiting bytes do not keep the whole chunk in memory.
      rest = start === data.length ? null : Buffer.from(data.subarray(start));
    },
    end() {
      if (rest !== null) onLine(rest.toString("utf8"), false, rest.length);
      rest = null;
    },
  };
}

/** The nearest place at or before `at` where a UTF-8 character starts; `at` itself when the bytes are no UTF-8. */
function characterStart(data: Buffer, at: number): number {
  for (let back = 0; back < 4; back += 1) {
    const byte = data[at - back];
    if (byte !== undefined && (byte & 0xc0) !== 0x80) return at - back;
  }
  return at;
}
