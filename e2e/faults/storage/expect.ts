// What the fault programs hold against each other. They run without a test framework, in any order and any number.
import { isDeepStrictEqual } from "node:util";
import { toProblem } from "@malamar/sdk/problem";

const shown = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner));

export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) throw new Error(`${what}: expected ${shown(expected)}, found ${shown(found)}`);
}

export function expectTrue(what: string, holds: boolean): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

/** Kind and reason of a refused call. */
export function refusedWith(error: unknown): [string, string] {
  const { kind, reason } = toProblem(error);
  return [kind, reason];
}
