import { array, assert, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { freePrefix, prefixOf } from "./prefix.ts";
import { isPrefix } from "./workspace.ts";

test.each([
  ["Malamar", "MAL"],
  ["Home Server", "HS"],
  ["My great little project for fun", "MGLP"],
  ["Überflug", "UBE"],
  ["2048", "WS"],
  ["2048 game", "GAM"],
  ["3 Blind Mice", "BLI"],
  ["go", "GO"],
  ["x", "WS"],
  ["", "WS"],
  ["家庭服务器", "WS"],
  ["家 Home", "HOM"],
  ["malamar/web", "MW"],
])("the title %j gives the prefix %s", (title, prefix) => expect(prefixOf(title)).toBe(prefix));

const anyText = oneof(string(), string({ unit: "grapheme" }), string({ unit: "binary" }));

test("whatever the title, the prefix keeps the rule", () => {
  assert(property(anyText, (title) => isPrefix(prefixOf(title))));
});

test("workspaces of any titles get prefixes that differ and keep the rule", () => {
  assert(
    property(array(anyText, { maxLength: 150 }), (titles) => {
      const given = new Set<string>();
      for (const title of titles) given.add(freePrefix(prefixOf(title), (prefix) => given.has(prefix)));
      return given.size === titles.length && [...given].every(isPrefix);
    }),
    { numRuns: 30 },
  );
});

test("a long prefix makes room for its number", () => {
  const taken = new Set(["ABCDEFGH", "ABCDEFG2"]);
  expect(freePrefix("ABCDEFGH", (prefix) => taken.has(prefix))).toBe("ABCDEFG3");
});
