import { create } from "@bufbuild/protobuf";
import { LogEntrySchema, LogLineSchema } from "@malamar/proto/malamar/v1/log_pb";
import { expect, test } from "vitest";
import { logText } from "./log-text.ts";

const line = (text: string) => logText(create(LogLineSchema, { text }));

test("colours, titles and cursor movements of a terminal do not show", () => {
  expect(line("\u001b[1;31mFAIL\u001b[0m src/a.ts")).toBe("FAIL src/a.ts");
  expect(line("\u001b]0;a title\u0007done")).toBe("done");
  expect(line("\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\")).toBe("link");
  expect(line("50 %\r\u001b[2K100 %")).toBe("50 %100 %");
});

test("other control characters go, tabs stay, and what turns the reading direction is spelled out", () => {
  expect(line("a\u0000b\u0008c\td")).toBe("abc\td");
  expect(line("safe\u202egpj.exe")).toBe("safe⟨U+202E⟩gpj.exe");
});

test("what the adapter understood is shown instead of the line", () => {
  const entries = [
    create(LogEntrySchema, { entry: { case: "toolCall", value: { name: "Bash", input: "npm test" } } }),
    create(LogEntrySchema, { entry: { case: "usage", value: {} } }),
  ];
  expect(logText(create(LogLineSchema, { text: '{"type":"tool"}', entries }))).toBe("→ Bash npm test");
  expect(logText(create(LogLineSchema, { text: '{"type":"usage"}', entries: entries.slice(1) }))).toBe('{"type":"usage"}');
});
