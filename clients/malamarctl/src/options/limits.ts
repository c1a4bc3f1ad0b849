import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { durationOf, secondsOf } from "./duration.ts";

/** A limit as given: a duration, zero for "never", or not set for "as the next wider setting says". */
interface GivenLimit {
  duration: Duration | undefined;
}

export interface LimitOptions {
  timeLimit?: GivenLimit;
  silenceWarning?: GivenLimit;
  silenceLimit?: GivenLimit;
}

export function withLimitOptions(command: Command): Command {
  return command
    .option("--time-limit <duration>", "end an execution after so long, e.g. 2h; none = never, default = the wider setting", parseLimit)
    .option("--silence-warning <duration>", "warn after so long without output, e.g. 5m; none or default", parseLimit)
    .option("--silence-limit <duration>", "end an execution after so long without output, e.g. 30m; none or default", parseLimit);
}

/** The message and the paths of an update mask, for what was given. */
export function limitsOf({ timeLimit, silenceWarning, silenceLimit }: LimitOptions) {
  const limits: { timeLimit?: Duration; silenceWarning?: Duration; silenceLimit?: Duration } = {};
  if (timeLimit?.duration !== undefined) limits.timeLimit = timeLimit.duration;
  if (silenceWarning?.duration !== undefined) limits.silenceWarning = silenceWarning.duration;
  if (silenceLimit?.duration !== undefined) limits.silenceLimit = silenceLimit.duration;
  const given = { time_limit: timeLimit, silence_warning: silenceWarning, silence_limit: silenceLimit };
  const paths = Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : [`limits.${field}`]));
  return { limits, paths };
}

function parseLimit(text: string): GivenLimit {
  if (text === "default") return { duration: undefined };
  return { duration: durationOf(text === "none" ? 0 : secondsOf(text)) };
}
