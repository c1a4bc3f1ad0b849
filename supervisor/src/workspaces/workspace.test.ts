import { expect, test } from "vitest";
import { NEW_WORKSPACE, tidySettings, workspaceViolations, type WorkspaceSettings } from "./workspace.ts";

const fields = (settings: Partial<WorkspaceSettings>) => workspaceViolations(settings).map((violation) => violation.field);

test("what a new workspace starts with breaks no rule", () => expect(fields({ ...NEW_WORKSPACE, title: "Home" })).toEqual([]));

test.each<[Partial<WorkspaceSettings>, string[]]>([
  [{ title: "" }, ["title"]],
  [{ title: " \t" }, ["title"]],
  [{ title: "😀".repeat(255) }, []],
  [{ title: "😀".repeat(256) }, ["title"]],
  [{ title: "two\nlines" }, ["title"]],
  [{ title: "bell\u0007" }, ["title"]],
  [{ title: "half \ud83d" }, ["title"]],
  [{ description: "" }, []],
  [{ description: "two\n\tlines" }, []],
  [{ description: "zero\0" }, ["description"]],
  [{ description: "x".repeat(1_048_577) }, ["description"]],
  [{ prefix: "" }, []],
  [{ prefix: "A" }, ["prefix"]],
  [{ prefix: "2B" }, ["prefix"]],
  [{ prefix: "MAL-1" }, ["prefix"]],
  [{ prefix: "ABCDEFGH" }, []],
  [{ prefix: "ABCDEFGHI" }, ["prefix"]],
  [{ directoryMode: "static", directoryPath: "/srv/work" }, []],
  [{ directoryMode: "static", directoryPath: "" }, ["directoryPath"]],
  [{ directoryMode: "static", directoryPath: "work" }, ["directoryPath"]],
  [{ directoryMode: "static", directoryPath: "~/work" }, ["directoryPath"]],
  [{ directoryMode: "static", directoryPath: "/srv\0" }, ["directoryPath"]],
  [{ directoryMode: "temp", directoryPath: "/srv" }, ["directoryPath"]],
  [{ breakerLimit: 0 }, []],
  [{ breakerLimit: 1001 }, ["breakerLimit"]],
  [{ breakerLimit: 1.5 }, ["breakerLimit"]],
  [{ limits: { timeLimit: null, silenceWarning: 0, silenceLimit: 24 * 86_400_000 } }, []],
  [
    { limits: { timeLimit: -1, silenceWarning: 0.5, silenceLimit: 25 * 86_400_000 } },
    ["limits.timeLimit", "limits.silenceWarning", "limits.silenceLimit"],
  ],
  [{ title: "", prefix: "-", breakerLimit: -1 }, ["title", "prefix", "breakerLimit"]],
])("the rules name the broken fields of %j", (settings, broken) => expect(fields(settings)).toEqual(broken));

test("titles lose blanks around them and prefixes are upper case", () => {
  expect(tidySettings({ title: "  Home  ", prefix: " mal " })).toEqual({ title: "Home", prefix: "MAL" });
  expect(tidySettings({})).toEqual({});
});
