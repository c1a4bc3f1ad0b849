import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, or in how long: "3m ago", "in 2h". Empty when the time is not set. */
export function relative(time: Timestamp | undefined, now: number): string {
  if (time === undefined) return "";
  const distance = timestampMs(time) - now;
  if (Math.abs(distance) < 2 * SECOND) return "now";
  return distance < 0 ? `${span(-distance)} ago` : `in ${span(distance)}`;
}

/** The same with the exact time, for a view that has the room. */
export function exactly(time: Timestamp | undefined, now: number): string {
  return time === undefined ? "" : `${relative(time, now)} (${iso(time)})`;
}

export function iso(time: Timestamp): string {
  return new Date(timestampMs(time)).toISOString().replace(/\.\d+Z$/, "Z");
}

/** From one time to another, or to now while it goes on. */
export function between(from: Timestamp | undefined, to: Timestamp | undefined, now: number): string {
  return from === undefined ? "" : length(Math.max(0, (to === undefined ? now : timestampMs(to)) - timestampMs(from)));
}

/** How long something took, as exactly as it matters: 0.4s, 45s, 3m10s, 2h5m, 5d. */
export function length(ms: number): string {
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < 10 * MINUTE) return inTwo(ms, MINUTE, "m", SECOND, "s");
  return ms < 10 * HOUR ? inTwo(ms, HOUR, "h", MINUTE, "m") : span(ms);
}

function inTwo(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const parts = [`${Math.floor(ms / large)}${largeUnit}`, `${Math.floor((ms % large) / small)}${smallUnit}`];
  return parts.filter((part) => !part.startsWith("0")).join("");
}

/** A distance in its largest fitting unit: 45s, 3m, 2h, 5d. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}
