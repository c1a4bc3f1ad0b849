import type { JsonValue, Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Io } from "#io.ts";
import { cleanLine } from "./clean.ts";
import { type Field, fields, type Section } from "./fields.ts";
import type { Format } from "./format.ts";
import { jsonLine, jsonOf, jsonText } from "./json.ts";
import type { Look } from "./look.ts";
import { type Column, table } from "./table.ts";

/** How one kind of thing is shown. */
export interface View<T extends Message> {
  schema: GenMessage<T>;
  /** What other commands take for it. */
  name: (item: T) => string;
  /** "workspaces", for when there are none. */
  plural: string;
  columns: readonly Column<T>[];
  fields: (item: T, look: Look) => Field[];
  sections: (item: T) => Section[];
}

export interface Print {
  list: <T extends Message>(view: View<T>, items: readonly T[]) => Promise<void>;
  one: <T extends Message>(view: View<T>, item: T) => Promise<void>;
  /** After a change: a sentence for people, the thing itself for scripts. */
  changed: <T extends Message>(view: View<T>, item: T, sentence: string) => Promise<void>;
  /** The same when the answer is not the thing itself. */
  said: (sentence: string, value: JsonValue, name: string) => Promise<void>;
  /** What is no message of the contract: its JSON form, and its text for people. `name` is printed with -o name. */
  value: (value: JsonValue, text: () => string, name?: string) => Promise<void>;
  /** One of a stream of values; JSON takes one line for it, so that a reader can act at once. */
  streamed: (value: JsonValue, text: () => string, name: string) => Promise<void>;
}

export function printer(io: Io, format: Format, quiet: boolean, look: () => Look): Print {
  const write = async (value: JsonValue): Promise<void> => {
    // Parsing YAML costs time that only those who ask for it should spend.
    await io.out(format === "yaml" ? (await import("./yaml.ts")).yamlText(value) : jsonText(value));
  };
  const asData = format === "json" || format === "yaml";
  const names = (all: readonly string[]) => io.out(all.map((name) => `${cleanLine(name)}\n`).join(""));
  const said = async (sentence: string, value: JsonValue, name: string): Promise<void> => {
    if (asData) return await write(value);
    if (format === "name") return await names([name]);
    if (!quiet) await io.out(`${cleanLine(sentence)}\n`);
  };

  return {
    async list(view, items) {
      if (asData) return write(items.map((item) => jsonOf(view.schema, item)));
      if (format === "name") return names(items.map((item) => view.name(item)));
      if (items.length > 0) return io.out(table(view.columns, items, look()));
      return quiet ? undefined : io.err(`No ${view.plural}.\n`);
    },
    async one(view, item) {
      if (asData) return write(jsonOf(view.schema, item));
      if (format === "name") return names([view.name(item)]);
      return io.out(fields(view.fields(item, look()), view.sections(item), look()));
    },
    changed: (view, item, sentence) => said(sentence, jsonOf(view.schema, item), view.name(item)),
    said,
    async value(value, text, name) {
      if (asData) return write(value);
      return format === "name" ? names(name === undefined ? [] : [name]) : io.out(text());
    },
    async streamed(value, text, name) {
      if (format === "json") return io.out(jsonLine(value));
      if (format === "yaml") return io.out(`---\n${(await import("./yaml.ts")).yamlText(value)}`);
      return format === "name" ? names([name]) : io.out(text());
    },
  };
}
