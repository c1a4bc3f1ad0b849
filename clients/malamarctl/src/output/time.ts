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
  return from === undefined ? "" : span(Math.max(0, (to === undefined ? now : timestampMs(to)) - timestampMs(from)));
}

/** A length of time in its largest fitting unit, below an hour of work with the next smaller one: 45s, 3m10s, 2h, 5d. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 10 * MINUTE) {
    const seconds = Math.floor((ms % MINUTE) / SECOND);
    return `${Math.floor(ms / MINUTE)}m${seconds === 0 ? "" : `${seconds}s`}`;
  }
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}
