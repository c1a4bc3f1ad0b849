import type { Action } from "./execution.ts";

/** Deeper nesting than any answer needs; refused before it is walked. */
const DEEPEST = 32;
const MOST_COMMENTS = 50;

/** The published schema of `output.json`; the agent gets it with its input, `parseAnswer` follows it (a test compares them). */
export const ANSWER_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Answer of an agent to Malamar",
  type: "object",
  additionalProperties: false,
  required: ["actions"],
  properties: {
    actions: {
      type: "array",
      minItems: 1,
      items: {
        oneOf: [
          action("skip", {}, []),
          action("comment", { content: { type: "string", minLength: 1 } }, ["content"]),
          action("change_status", { status: { const: "in_review" }, reason: { type: "string" } }, ["status"]),
          action("note", { text: { type: "string", minLength: 1 } }, ["text"]),
        ],
      },
    },
  },
} as const;

function action(type: string, properties: object, required: string[]) {
  return {
    type: "object",
    additionalProperties: false,
    required: ["type", ...required],
    properties: { type: { const: type }, ...properties },
  };
}

export type ParsedAnswer = { actions: Action[] } | { wrong: string };

/** Reads the text of `output.json`. What is wrong is said so that the agent can correct itself. */
export function parseAnswer(text: string): ParsedAnswer {
  if (text.trim() === "") return { wrong: "The answer file is empty." };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { wrong: `The answer file is not JSON: ${(error as Error).message}.` };
  }
  if (tooDeep(value, DEEPEST)) return { wrong: `The answer is nested deeper than ${DEEPEST} levels.` };
  if (!isObject(value)) return { wrong: 'The answer must be one object: {"actions": [ … ]}.' };
  const extra = Object.keys(value).find((key) => key !== "actions");
  if (extra !== undefined) return { wrong: `The answer has the unknown field ${JSON.stringify(extra)}; only "actions" is allowed.` };
  const { actions } = value;
  if (!Array.isArray(actions) || actions.length === 0) return { wrong: '"actions" must be a list with at least one action.' };
  const parsed: Action[] = [];
  for (const [index, entry] of actions.entries()) {
    const result = parseAction(entry);
    if (typeof result === "string") return { wrong: `Action ${index + 1}: ${result}` };
    parsed.push(result);
  }
  const wrong = wrongCombination(parsed);
  return wrong === undefined ? { actions: parsed } : { wrong };
}

function parseAction(value: unknown): Action | string {
  if (!isObject(value)) return "must be an object.";
  switch (value["type"]) {
    case "skip":
      return strange(value, ["type"]) ?? { type: "skip" };
    case "comment": {
      const { content } = value;
      return (
        strange(value, ["type", "content"]) ??
        (isText(content) ? { type: "comment", content } : '"content" must be text that is not empty.')
      );
    }
    case "change_status": {
      const { status, reason } = value;
      const wrong = strange(value, ["type", "status", "reason"]);
      if (wrong !== undefined) return wrong;
      if (status !== "in_review") return '"status" can only be "in_review"; people set every other status.';
      if (reason !== undefined && typeof reason !== "string") return '"reason" must be text.';
      return { type: "change_status", status, ...(reason === undefined ? {} : { reason }) };
    }
    case "note": {
      const { text } = value;
      return strange(value, ["type", "text"]) ?? (isText(text) ? { type: "note", text } : '"text" must be text that is not empty.');
    }
    default:
      return `unknown type ${JSON.stringify(value["type"])?.slice(0, 80) ?? "(none)"}; known are skip, comment, change_status and note.`;
  }
}

function wrongCombination(actions: readonly Action[]): string | undefined {
  const count = (type: Action["type"]) => actions.filter((entry) => entry.type === type).length;
  if (count("skip") > 0 && actions.length > 1) return '"skip" must stand alone.';
  if (count("change_status") > 1) return '"change_status" may occur once.';
  if (count("comment") > MOST_COMMENTS) return `At most ${MOST_COMMENTS} comments in one answer.`;
  return undefined;
}

function strange(value: Record<string, unknown>, known: readonly string[]): string | undefined {
  const extra = Object.keys(value).find((key) => !known.includes(key));
  return extra === undefined ? undefined : `unknown field ${JSON.stringify(extra)} for type ${JSON.stringify(value["type"])}.`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";

function tooDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => tooDeep(inner, left - 1));
}
