import { create } from "@bufbuild/protobuf";
import { type FieldMask, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { usage } from "#exit-code.ts";

/** The mask for what was given: a path for every field with a value, and the paths given besides. */
export function updateMask(values: Readonly<Record<string, unknown>>, besides: readonly string[] = []): FieldMask {
  const paths = Object.keys(values).filter((path) => values[path] !== undefined);
  if (paths.length + besides.length === 0) throw usage("nothing to change was given", "See the options with --help.");
  return create(FieldMaskSchema, { paths: [...paths, ...besides] });
}

/** The same values without those that were not given, under their names in a message. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in values) {
    const value = values[key];
    if (isGiven(value)) result[key] = value;
  }
  return result;
}

function isGiven<V>(value: V): value is Exclude<V, undefined> {
  return value !== undefined;
}
