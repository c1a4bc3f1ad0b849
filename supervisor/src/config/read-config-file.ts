import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { z } from "zod";
import type { Violation } from "#errors/problem.ts";
import { customClis } from "./custom-cli.ts";
import { SETTING_PATHS, SETTINGS, type SettingPath } from "./setting.ts";

type Clis = z.infer<typeof customClis>;

export interface FileSettings {
  values: { path: SettingPath; value: unknown; line: number }[];
  clis: Clis;
  clisLine: number | undefined;
  violations: Violation[];
}

const FILE = fileSchema();

/** Reads the text of malamar.yaml; every mistake is named with file, line and key, and none of the file is used then. */
export function readConfigFile(file: string, content: string): FileSettings {
  const lines = new LineCounter();
  const doc = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const nothing = { values: [], clis: {}, clisLine: undefined };
  const at = (offset: number) => lines.linePos(offset).line;
  if (doc.errors.length > 0) {
    const violations = doc.errors.map((error) => ({
      field: `${file}:${at(error.pos[0])}`,
      description: `is not valid YAML: ${error.message}`,
    }));
    return { ...nothing, violations };
  }
  const lineOf = (path: PropertyKey[]) => at(offsetOf(doc, path));
  const parsed = FILE.safeParse(doc.toJS() ?? {});
  if (!parsed.success) return { ...nothing, violations: parsed.error.issues.flatMap((issue) => explain(file, issue, lineOf)) };
  const values = SETTING_PATHS.flatMap((path) => {
    const value = path.split(".").reduce<unknown>((from, key) => (from as Record<string, unknown> | undefined)?.[key], parsed.data);
    return value === undefined ? [] : [{ path, value, line: lineOf(path.split(".")) }];
  });
  const clis = parsed.data["clis"] as Clis | undefined;
  return { values, clis: clis ?? {}, clisLine: clis && lineOf(["clis"]), violations: [] };
}

/** The strict shape of the file, grown from the table of settings. */
function fileSchema(): z.ZodType<Record<string, unknown>> {
  const top: Record<string, z.ZodType> = { clis: customClis.optional() };
  const groups: Record<string, Record<string, z.ZodType>> = {};
  for (const path of SETTING_PATHS) {
    const [first = "", second] = path.split(".");
    if (second === undefined) top[first] = SETTINGS[path].schema.optional();
    else (groups[first] ??= {})[second] = SETTINGS[path].schema.optional();
  }
  for (const [name, group] of Object.entries(groups)) top[name] = z.strictObject(group).optional();
  return z.strictObject(top);
}

/** Where the key of a path stands, or the nearest thing around it. */
function offsetOf(doc: Document, path: PropertyKey[]): number {
  let node: unknown = doc.contents;
  let offset = 0;
  for (const key of path) {
    const items: unknown[] = isMap(node) ? node.items : [];
    const pair = items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
    const child = isPair(pair) ? pair.key : doc.getIn(path.slice(0, path.indexOf(key) + 1), true);
    offset = (child as Node | undefined)?.range?.[0] ?? offset;
    node = isPair(pair) ? pair.value : child;
  }
  return offset;
}

function explain(file: string, issue: z.core.$ZodIssue, lineOf: (path: PropertyKey[]) => number): Violation[] {
  const said = (path: PropertyKey[], description: string) => ({ field: `${file}:${lineOf(path)}: ${path.join(".")}`, description });
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => said([...issue.path, key], `is not a setting${known}`));
  }
  // What is wrong with a key of a record is told one level deeper.
  if (issue.code === "invalid_key") return issue.issues.map((inner) => said(issue.path, inner.message));
  if (issue.code === "invalid_type" && issue.path.length === 0)
    return [{ field: file, description: "must be a list of settings, `key: value`" }];
  return [said(issue.path, wordsOf(issue))];
}

function knownKeys(path: PropertyKey[]): string {
  const prefix = path.map((key) => `${String(key)}.`).join("");
  const keys = new Set(SETTING_PATHS.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length).split(".")[0]));
  if (path.length === 0) keys.add("clis");
  return keys.size === 0 ? "" : `; known here: ${[...keys].join(", ")}`;
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "invalid_type")
    return `must be ${{ array: "a list", object: "a group of keys", record: "a group of keys", string: "text" }[issue.expected as string] ?? issue.expected}`;
  return issue.message;
}
