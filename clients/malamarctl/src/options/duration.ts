import { create } from "@bufbuild/protobuf";
import { type Duration, durationMs, DurationSchema } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads "90s", "5m", "2h30m" or "1d" as seconds. */
export function secondsOf(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new InvalidArgumentError("Write it like 90s, 5m, 2h30m or 1d.");
  }
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (SECONDS[unit] ?? 0), 0);
}

/** Writes a duration the way it can be read again; zero has its own word. */
export function durationText(duration: Duration | undefined, zero: string, notSet: string): string {
  if (duration === undefined) return notSet;
  let rest = Math.round(durationMs(duration) / 1000);
  if (rest === 0) return zero;
  let text = "";
  for (const unit of ["d", "h", "m", "s"]) {
    const size = SECONDS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

export function durationOf(seconds: number): Duration {
  return create(DurationSchema, { seconds: BigInt(seconds) });
}
