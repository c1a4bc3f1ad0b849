import { pino } from "pino";
import type { Logger } from "pino";

export interface LogOptions {
  level: string;
  format: "auto" | "pretty" | "json";
  isTerminal: boolean;
}

/** The server's own log, on stdout. Written in place, so that the last lines before an end are never lost. */
export async function openLog({ level, format, isTerminal }: LogOptions): Promise<Logger> {
  const options = { level, base: null };
  if (format === "json" || (format === "auto" && !isTerminal)) {
    const stdout = pino.destination({ dest: 1, sync: true });
    // A log that cannot be written, since its disk is full or its reader gone, must not end what it tells of.
    stdout.on("error", () => {});
    return pino(options, stdout);
  }
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ sync: true, colorize: isTerminal, translateTime: "SYS:HH:MM:ss", ignore: "pid,hostname" }));
}
