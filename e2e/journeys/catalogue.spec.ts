import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { file_malamar_v1_agent } from "@malamar/proto/malamar/v1/agent_pb";
import { file_malamar_v1_event_service } from "@malamar/proto/malamar/v1/event_service_pb";
import { file_malamar_v1_execution } from "@malamar/proto/malamar/v1/execution_pb";
import { file_malamar_v1_log } from "@malamar/proto/malamar/v1/log_pb";
import { file_malamar_v1_system_service } from "@malamar/proto/malamar/v1/system_service_pb";
import { file_malamar_v1_task } from "@malamar/proto/malamar/v1/task_pb";
import { file_malamar_v1_task_service } from "@malamar/proto/malamar/v1/task_service_pb";
import { file_malamar_v1_workspace } from "@malamar/proto/malamar/v1/workspace_pb";
import { expect, test } from "vitest";
import { AGENT, CONFIGURATION, TASK, WORKSPACE } from "../settings.ts";
import { ROOT } from "../start-malamar.ts";

const source = (path: string) => readFileSync(join(ROOT, path), "utf8");
const FILES = [
  ...globSync(["supervisor/src/**/*.test.ts", "runner/src/**/*.test.ts", "clients/*/src/**/*.test.ts", "web/src/**/*.test.ts"], {
    cwd: ROOT,
  }),
  ...globSync("e2e/journeys/*.spec.ts", { cwd: ROOT }),
];

test("every lesson of the catalogue that this version owes has a test with its number", () => {
  const titles = FILES.flatMap((path) => [...source(path).matchAll(/["'`](L\d\d): /g)].map(([, id]) => id));
  const owed = ["L01", "L02", "L03", "L04", "L05", "L09", "L12", "L13", "L14", "L15", "L17"];
  expect(owed.filter((id) => !titles.includes(id))).toEqual([]);
});

/** "Of: a, b, c." in the comment over the mask of an update. */
function maskOf(path: string, message: string): string[] {
  const [, body = ""] = new RegExp(`message ${message} \\{([^}]*)\\}`).exec(source(path)) ?? [];
  const [, fields = ""] = /\/\/ Of: ([^\n]*)\.\n/.exec(body) ?? [];
  return fields.split(", ").filter((field) => field !== "" && !field.endsWith(".*"));
}

test("L17: every setting that is stored has a test that misses it when it is ignored", () => {
  const keys = [...source("supervisor/src/config/setting.ts").matchAll(/^ {2}"?([\w.]+)"?: (?:setting|count|duration|oneOf|yesNo)\b/gm)];
  const [, cli = ""] = /strictObject\(\{\n([\s\S]*?)\n {2}\}\)/.exec(source("supervisor/src/config/custom-cli.ts")) ?? [];
  const cliKeys = [...cli.matchAll(/^ {4}(\w+):/gm)].map(([, key]) => `clis.*.${key}`);
  expect(keys.length).toBeGreaterThan(20);
  expect(cliKeys.length).toBeGreaterThan(7);
  expect(new Set(Object.keys(CONFIGURATION))).toEqual(new Set([...keys.map(([, key]) => key), ...cliKeys]));
  expect(Object.keys(WORKSPACE)).toEqual(maskOf("proto/malamar/v1/workspace_service.proto", "UpdateWorkspaceRequest"));
  expect(Object.keys(AGENT)).toEqual([...maskOf("proto/malamar/v1/agent_service.proto", "UpdateAgentRequest"), "position"]);
  expect(Object.keys(TASK)).toEqual([...maskOf("proto/malamar/v1/task_service.proto", "UpdateTaskRequest"), "pinned"]);
  for (const [setting, place] of Object.entries({ ...CONFIGURATION, ...WORKSPACE, ...AGENT, ...TASK })) {
    const [file = "", title = ""] = place.split(" › ");
    const text = source(`e2e/${file}`);
    expect(text.includes(`"${title}`) || text.includes(`\`${title}`), `${setting}: ${file} has no test that begins with "${title}"`).toBe(
      true,
    );
  }
});

test("L14: the API tells times in one format only, and no number or text stands for one", () => {
  const files = [
    file_malamar_v1_workspace,
    file_malamar_v1_agent,
    file_malamar_v1_task,
    file_malamar_v1_task_service,
    file_malamar_v1_execution,
    file_malamar_v1_log,
    file_malamar_v1_event_service,
    file_malamar_v1_system_service,
  ];
  const fields = files.flatMap((file) => file.messages.flatMap((message: DescMessage) => message.fields));
  const times = fields.filter(({ name }) => /(_at|^time|^since|^until)$/.test(name));
  expect(times.length).toBeGreaterThan(15);
  for (const field of times) expect(field.message?.typeName, `${field.parent.name}.${field.name}`).toBe("google.protobuf.Timestamp");
  const stamps = fields.filter(({ message }) => message?.typeName === "google.protobuf.Timestamp");
  expect(stamps.filter((field) => !times.includes(field)).map(({ name }) => name)).toEqual([]);
  const numbers = fields.filter(({ scalar, name }) => scalar === ScalarType.INT64 && /time|date|_ms|_at/.test(name));
  expect(numbers.map(({ name }) => name)).toEqual([]);
});

test("L14: in storage every time is an integer of Unix milliseconds", () => {
  const schema = source("supervisor/schema.sql");
  const tables = [...schema.matchAll(/CREATE TABLE "?(\w+)"? \(([\s\S]*?)\)\s*(STRICT)?;/g)];
  expect(tables.length).toBeGreaterThan(10);
  const times = tables.flatMap(([, table, body = "", strict]) =>
    [...body.matchAll(/^\s*"?(\w+_at|since|until)"? (\w+)/gm)].map(
      ([, column, type]) => `${table}.${column} ${type} ${strict ?? "not strict"}`,
    ),
  );
  expect(times.length).toBeGreaterThan(20);
  expect(times.filter((line) => !line.endsWith(" INTEGER STRICT"))).toEqual([]);
});
