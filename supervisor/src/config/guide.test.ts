import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { envName, SETTING_PATHS } from "./setting.ts";

const guide = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

test.each(SETTING_PATHS)("the guide names %s and its variable", (path) => {
  expect(guide).toContain(`| \`${path}\` |`);
  expect(guide).toContain(`\`${envName(path)}\``);
});
