import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { agentViolations, NEW_AGENT, nameKey, tidyAgent, type AgentSettings } from "./agent.ts";

const fields = (settings: Partial<AgentSettings>) => agentViolations(settings, ["demo", "script"]).map((violation) => violation.field);

test.each<[Partial<AgentSettings>, string[]]>([
  [{ ...NEW_AGENT, name: "Planner", cli: "demo" }, []],
  [{ name: "" }, ["name"]],
  [{ name: "é".repeat(256) }, ["name"]],
  [{ name: "a\u2028b" }, ["name"]],
  [{ cli: "script" }, []],
  [{ cli: "Script" }, ["cli"]],
  [{ cli: "" }, ["cli"]],
  [{ model: "" }, []],
  [{ model: "opus 4" }, []],
  [{ model: "--help" }, ["model"]],
  [{ model: "a\nb" }, ["model"]],
  [{ instruction: "# Role\n" }, []],
  [{ instruction: "\0" }, ["instruction"]],
  [{ limits: { timeLimit: -1, silenceWarning: null, silenceLimit: 0 } }, ["limits.timeLimit"]],
])("the rules name the broken fields of %j", (settings, broken) => expect(fields(settings)).toEqual(broken));

test("an unknown CLI is refused with the names of the known ones", () => {
  expect(agentViolations({ cli: "claud" }, ["demo", "claude"])[0]?.description).toContain("must be one of demo, claude");
});

test("blanks around name and model go", () => {
  expect(tidyAgent({ name: " a ", model: " m " })).toEqual({ name: "a", model: "m" });
});

test.each([
  ["Planner", "PLANNER"],
  ["Straße", "STRASSE"],
  ["Émile", "É".normalize("NFD") + "MILE"],
  ["ΟΔΟΣ", "οδος"],
  ["Жук", "жУК"],
])("%s and %s are the same name", (one, other) => expect(nameKey(one)).toBe(nameKey(other)));

test.each([
  ["Planner", "Planner 2"],
  ["Resume", "Résumé"],
])("%s and %s are two names", (one, other) => expect(nameKey(one)).not.toBe(nameKey(other)));

test("names that differ only in case or spelling have one key, and a key is its own key", () => {
  assert(
    property(string({ unit: "grapheme" }), (name) => {
      const key = nameKey(name);
      return [key, name.toUpperCase(), name.normalize("NFC"), name.normalize("NFD")].every((other) => nameKey(other) === key);
    }),
  );
});
