import type { JsonValue } from "@bufbuild/protobuf";
import { Document, Scalar, visit } from "yaml";
import { escapeInQuotes } from "./clean.ts";

export function yamlText(value: JsonValue): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, node) {
      // Only a double-quoted string can carry such characters as escapes.
      if (typeof node.value === "string" && escapeInQuotes(node.value) !== node.value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeInQuotes(document.toString({ lineWidth: 0 }));
}
