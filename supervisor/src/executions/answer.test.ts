import fc from "fast-check";
import { expect, test } from "vitest";
import { ANSWER_SCHEMA, parseAnswer } from "./answer.ts";

const answer = (...actions: unknown[]) => parseAnswer(JSON.stringify({ actions }));

test.each([
  [[{ type: "skip" }]],
  [[{ type: "comment", content: "done" }]],
  [
    [
      { type: "comment", content: "done" },
      { type: "change_status", status: "in_review" },
    ],
  ],
  [[{ type: "change_status", status: "in_review", reason: "which one?" }]],
  [
    [
      { type: "note", text: "remember" },
      { type: "comment", content: "x" },
    ],
  ],
])("accepts %j", (actions) => {
  expect(answer(...actions)).toEqual({ actions });
});

test.each([
  ["", "empty"],
  [" \n", "empty"],
  ["{", "not JSON"],
  ["[]", "must be one object"],
  ["null", "must be one object"],
  ['{"actions":[]}', "at least one"],
  ['{"actions":{}}', "at least one"],
  ['{"action":[]}', 'unknown field "action"'],
  ['{"actions":[{"type":"skip"}],"note":1}', 'unknown field "note"'],
  ['{"actions":["skip"]}', "Action 1: must be an object"],
  ['{"actions":[{"type":"done"}]}', 'unknown type "done"'],
  ['{"actions":[{}]}', "unknown type"],
  ['{"actions":[{"type":"skip","content":"x"}]}', 'unknown field "content"'],
  ['{"actions":[{"type":"comment"}]}', '"content" must be text'],
  ['{"actions":[{"type":"comment","content":" "}]}', '"content" must be text'],
  ['{"actions":[{"type":"comment","content":{"a":1}}]}', '"content" must be text'],
  ['{"actions":[{"type":"comment","content":"x","__proto__":{}}]}', "unknown field"],
  ['{"actions":[{"type":"change_status","status":"done"}]}', 'only be "in_review"'],
  ['{"actions":[{"type":"change_status","status":"todo"}]}', 'only be "in_review"'],
  ['{"actions":[{"type":"skip"},{"type":"comment","content":"x"}]}', "must stand alone"],
  ['{"actions":[{"type":"skip"},{"type":"skip"}]}', "must stand alone"],
  [`{"actions":[${'{"type":"change_status","status":"in_review"},'.repeat(2).slice(0, -1)}]}`, "may occur once"],
  [`{"actions":${"[".repeat(50)}${"]".repeat(50)}}`, "nested deeper"],
  [JSON.stringify({ actions: Array.from({ length: 51 }, () => ({ type: "comment", content: "x" })) }), "At most 50"],
])("B8: refuses %s and says why", (text, why) => {
  expect(parseAnswer(text)).toEqual({ wrong: expect.stringContaining(why) });
});

test("B8: whatever an agent writes, it is either refused or exactly the known actions", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const parsed = parseAnswer(text);
      if ("actions" in parsed) expect(JSON.parse(text)).toEqual({ actions: parsed.actions });
    }),
    { numRuns: 2000 },
  );
});

test("the published schema names the same actions and fields as the parser", () => {
  for (const { properties, required } of ANSWER_SCHEMA.properties.actions.items.oneOf) {
    const full = Object.fromEntries(
      Object.entries(properties as Record<string, { const?: string }>).map(([name, rule]) => [name, rule.const ?? "text"]),
    );
    expect(answer(full)).toHaveProperty("actions");
    for (const name of required) {
      const { [name]: _left, ...less } = full;
      expect(answer(less)).toHaveProperty("wrong");
    }
    expect(answer({ ...full, more: 1 })).toHaveProperty("wrong");
  }
});
