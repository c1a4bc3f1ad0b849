import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MOST = 1024;

/** The end of what a program printed, in one line, for a sentence about why it ended; "" when it printed nothing. */
export function lastWords(file: string): string {
  let fd;
  try {
    fd = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, MOST));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return new TextDecoder()
      .decode(buffer)
      .replaceAll(/[\p{Cc}\uFFFD\s]+/gu, " ")
      .trim();
  } finally {
    closeSync(fd);
  }
}
