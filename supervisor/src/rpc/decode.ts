import { durationMs } from "@bufbuild/protobuf/wkt";
import type { TimeLimits as WireLimits } from "@malamar/proto/malamar/v1/workspace_pb";
import { refuseViolations } from "#errors/problem.ts";
import type { TimeLimits } from "#workspaces/workspace.ts";

/** Refuses the request because of one field. */
export function refuse(field: string, description: string): never {
  refuseViolations([{ field, description }]);
  throw new Error("A violation was not refused.");
}

/** An id of ours. What cannot be one is a mistake in the request and not something that is missing. */
export function readId(field: string, id: string): string {
  if (isId(id)) return id;
  return refuse(field, id === "" ? "must be given" : "must be an id of 21 letters and digits");
}

export function isId(text: string): boolean {
  return /^[A-Za-z0-9]{21}$/.test(text);
}

/** The noun's word for a value of the wire; unspecified gives the fallback and is refused where there is none. */
export function readWord<W extends string>(field: string, table: Readonly<Record<W, number>>, value: number, fallback?: W): W {
  if (value === 0 && fallback !== undefined) return fallback;
  const words = Object.keys(table) as W[];
  const found = words.find((word) => table[word] === value);
  if (found !== undefined && value !== 0) return found;
  const known = words.filter((word) => table[word] !== 0).join(", ");
  return refuse(field, value === 0 ? `must be given: one of ${known}` : `has the unknown value ${value}; known are ${known}`);
}

/** Limits of a request: what is not set inherits. */
export function readLimits(limits: WireLimits | undefined): TimeLimits {
  return {
    timeLimit: milliseconds(limits?.timeLimit),
    silenceWarning: milliseconds(limits?.silenceWarning),
    silenceLimit: milliseconds(limits?.silenceLimit),
  };
}

function milliseconds(duration: WireLimits["timeLimit"]): number | null {
  return duration === undefined ? null : Math.round(durationMs(duration));
}

/** The version that the caller saw; it is compared with the present one. */
export function readVersion(version: bigint | undefined): number | undefined {
  return version === undefined ? undefined : Number(version);
}
