import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { Problem, refuseViolations } from "#errors/problem.ts";
import { refuse } from "./decode.ts";

/** How a path of the mask is carried out on the changes of an update. */
export type MaskTable<Message, Changes> = Record<string, (message: Message, changes: Changes) => void>;

/** Collects the changes that the mask names. A path that nobody knows is refused, so that no change is dropped in silence. */
export function readMask<Message, Changes extends object>(
  mask: FieldMask | undefined,
  message: Message | undefined,
  field: string,
  table: MaskTable<Message, Changes>,
): Changes {
  if (message === undefined) refuse(field, "must be given");
  const known = `known are ${Object.keys(table).map(jsonPath).join(", ")}`;
  if (mask === undefined || mask.paths.length === 0) refuse("updateMask", `must name the fields to change; ${known}`);
  const unknown = mask.paths.filter((path) => !Object.hasOwn(table, path));
  refuseViolations(unknown.map((path) => ({ field: "updateMask", description: `cannot contain ${jsonPath(path)}; ${known}` })));
  const changes = {} as Changes;
  for (const path of mask.paths) table[path]?.(message, changes);
  return changes;
}

/** Runs a verb on a part of the request: what it refuses is named by its path in the whole request. */
export function within<T>(field: string, verb: () => T): T {
  try {
    return verb();
  } catch (error) {
    if (!(error instanceof Problem) || error.violations.length === 0) throw error;
    const violations = error.violations.map((violation) => ({ ...violation, field: `${field}.${violation.field}` }));
    if (error.reason === "invalid_fields") refuseViolations(violations);
    throw new Problem(error.kind, error.reason, error.message, error.nextStep, violations);
  }
}

function jsonPath(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
