import { writeSync } from "node:fs";

/**
 * One JSON line on stderr, which the supervisor keeps in a file. Used for what nobody is waiting to hear as an answer:
 * a message that made no sense, a folder that could not be removed, the reason for ending.
 */
export function complain(message: string, details: Record<string, unknown> = {}): void {
  const line = JSON.stringify({ time: new Date().toISOString(), pid: process.pid, message, ...details }, plain);
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads stderr any more, or its disk is full. There is no other place to say so.
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return value.stack ?? value.message;
  return value;
}
