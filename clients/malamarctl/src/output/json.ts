import { type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { escapeInQuotes } from "./clean.ts";

/** The proto JSON form. Empty fields are written too, so that a script finds every field in every answer. */
export function jsonOf<T extends Message>(schema: GenMessage<T>, message: T): JsonValue {
  return toJson(schema, message, { alwaysEmitImplicit: true });
}

export function jsonText(value: JsonValue): string {
  return `${escapeInQuotes(JSON.stringify(value, undefined, 2))}\n`;
}

/** One value per line, for streams. */
export function jsonLine(value: JsonValue): string {
  return `${escapeInQuotes(JSON.stringify(value))}\n`;
}
