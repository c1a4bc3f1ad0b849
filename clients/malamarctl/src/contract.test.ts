import { create, type DescMessage } from "@bufbuild/protobuf";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionService } from "@malamar/proto/malamar/v1/execution_service_pb";
import { SystemService } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { TimeLimitsSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTurn } from "#fake-malamar/play.ts";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must } from "#fake-malamar/state.ts";

// Whatever the public API can do, malamarctl can do. A call or a field that is new in the contract fails here until a command has it.

const SERVICES = [WorkspaceService, AgentService, TaskService, ExecutionService, EventService, SystemService];
const LIMITS = ["--time-limit", "2h", "--silence-warning", "1m", "--silence-limit", "9m"];
const KEY = ["--idempotency-key", "k"];
const VERSION = ["--expected-version", "1"];

const COMMANDS: string[][] = [
  [
    "workspace",
    "create",
    "Team",
    "--description",
    "d",
    "--prefix",
    "TEA",
    "--directory",
    "/x",
    "--queue-order",
    "fifo",
    "--breaker-limit",
    "3",
    ...LIMITS,
    ...KEY,
  ],
  [
    "workspace",
    "update",
    "Team",
    "--title",
    "Crew",
    "--description",
    "e",
    "--prefix",
    "CRE",
    "--directory-mode",
    "static",
    "--directory",
    "/y",
    ...VERSION,
  ],
  ["workspace", "update", "Crew", "--queue-order", "lifo", "--breaker-limit", "0", "--pause", ...LIMITS],
  ["workspace", "get", "w00000000000000000001"],
  ["workspace", "list"],
  ["agent", "create", "Planner", "--instruction", "i", "--cli", "demo", "--model", "m", ...LIMITS, ...KEY],
  [
    "agent",
    "update",
    "Planner",
    "--name",
    "P",
    "--instruction",
    "j",
    "--cli",
    "claude",
    "--model",
    "n",
    "--disable",
    ...LIMITS,
    ...VERSION,
  ],
  ["agent", "get", "a00000000000000000001"],
  ["agent", "list"],
  ["agent", "reorder", "P"],
  ["task", "create", "Work", "--description", "d", "--kind", "k", "--priority", "low", "--hold", "draft", ...KEY],
  ["task", "update", "CRE-1", "--summary", "s", "--description", "e", "--kind", "l", "--priority", "high", "--hold", "none", ...VERSION],
  ["task", "get", "CRE-1"],
  ["task", "list", "-w", "Crew", "--status", "todo"],
  ["task", "prioritise", "CRE-1"],
  ["task", "explain", "CRE-1"],
  ["comment", "add", "CRE-1", "hello", ...KEY],
  ["comment", "list", "CRE-1"],
  ["activity", "list", "CRE-1"],
  ["execution", "list"],
  ["execution", "list", "--task", "CRE-1"],
  ["execution", "get", "e00000000000000000001"],
  ["logs", "e00000000000000000001", "--after", "1"],
  ["logs", "e00000000000000000001", "--tail", "5", "--follow"],
  ["events", "-w", "Crew", "--after", "1"],
  ["status"],
  ["ps"],
  ["task", "cancel", "CRE-1"],
  ["task", "restart", "CRE-1"],
  ["task", "move", "CRE-1", "done", "--resolution", "duplicate"],
  ["task", "delete", "CRE-1"],
  ["agent", "delete", "P"],
  ["workspace", "delete", "Crew"],
];

/** The pages after the first are asked for by pages.ts, whenever there are any; workspace.test.ts lists more than a page. */
const NOT_TYPED = ["pageToken"];

/** What can be changed later, as the comments at the update masks say. */
const CHANGEABLE = {
  UpdateWorkspace: "title description prefix directory_mode directory_path queue_order breaker_limit paused",
  UpdateAgent: "name instruction cli model enabled",
  UpdateTask: "summary description kind priority hold",
};

let malamar: FakeMalamar;

beforeAll(async () => {
  malamar = await startFakeMalamar();
  for (const args of COMMANDS) {
    const { code, err } = await run(malamar.url, args);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${err}`);
    if (args[1] === "create" && args[0] === "task") {
      const task = must(malamar.state.tasks, "t00000000000000000001", "task");
      const { id } = startTurn(malamar.state, task, "Planner");
      const log = must(malamar.state.logs, id, "execution");
      log.complete = true;
      task.status = TaskStatus.IN_PROGRESS;
      task.version = 1n;
    }
  }
});
afterAll(() => malamar.stop());

const methods = SERVICES.flatMap((service) => service.methods.map((method): [string, DescMessage] => [method.name, method.input]));

test.each(methods)("%s is called, with every field of its request", (name, input) => {
  const sent = malamar.state.requests.filter(({ method }) => method === name).map(({ message }) => message);
  expect(sent.length).toBeGreaterThan(0);
  const empty: Record<string, unknown> = { ...create(input) };
  const isSet = (field: string) => sent.some((message) => !isSame(message[field], empty[field]));
  const unset = input.fields.map(({ localName }) => localName).filter((field) => !isSet(field) && !NOT_TYPED.includes(field));
  expect(unset).toEqual([]);
});

test.each(Object.entries(CHANGEABLE))("%s can change everything that may be changed", (name, fields) => {
  const limits = name === "UpdateTask" ? [] : TimeLimitsSchema.fields.map((field) => `limits.${field.name}`);
  const masks = malamar.state.requests.filter(({ method }) => method === name).map(({ message }) => message["updateMask"]);
  const paths = new Set(masks.flatMap((mask) => (isMask(mask) ? mask.paths : [])));
  expect([...paths].toSorted()).toEqual([...fields.split(" "), ...limits].toSorted());
});

function isMask(value: unknown): value is { paths: string[] } {
  return typeof value === "object" && value !== null && "paths" in value;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && a.length === 0);
}
