import { expect, test } from "vitest";
import { BUILT_IN_CLIS, knownClis, type CustomCli } from "./cli.ts";

const custom: CustomCli = {
  command: ["x"],
  promptBy: "stdin",
  outputFormat: "text",
  successPattern: "",
  outcomePatterns: [],
  env: {},
  envPass: [],
};

test("agents can name the demo and every CLI of the configuration, and no name is there twice", () => {
  const known = knownClis({ clis: { script: { title: "Script", custom } } });
  expect(known.map(({ name, kind }) => [name, kind])).toEqual([
    ["demo", "demo"],
    ["script", "custom"],
  ]);
  expect(known[1]?.custom).toBe(custom);
  const builtIn = known.filter((cli) => cli.kind !== "custom").map((cli) => cli.name);
  expect(BUILT_IN_CLIS).toEqual(expect.arrayContaining(builtIn));
});
