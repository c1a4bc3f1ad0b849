import type { DescEnum } from "@bufbuild/protobuf";
import { ActorKindSchema } from "@malamar/proto/malamar/v1/actor_pb";
import { EventTypeSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import {
  AnswerActionTypeSchema,
  ContainmentSchema,
  ExecutionOutcomeSchema,
  ExecutionStateSchema,
} from "@malamar/proto/malamar/v1/execution_pb";
import { ProblemKindSchema } from "@malamar/proto/malamar/v1/problem_pb";
import { CliKindSchema } from "@malamar/proto/malamar/v1/system_service_pb";
import * as taskPb from "@malamar/proto/malamar/v1/task_pb";
import { WaitReasonSchema } from "@malamar/proto/malamar/v1/task_service_pb";
import { DirectoryModeSchema, QueueOrderSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import { expect, test } from "vitest";
import { EVENT_TYPES } from "#events/event.ts";
import { CONTAINMENTS, EXECUTION_STATES, OUTCOMES, STOP_REASONS } from "#executions/execution.ts";
import { RUN_OUTCOMES, RUN_STATES } from "#loop/run.ts";
import { QUEUE_REASONS, QUEUE_STATES } from "#queue/queue-entry.ts";
import { WAIT_REASONS } from "#schedule/explanation.ts";
import { openTestStore } from "#store/open-test-store.ts";
import { ACTIVITY_KINDS } from "#tasks/activity.ts";
import { ACTOR_KINDS } from "#tasks/comment.ts";
import { ATTENTIONS, HOLDS, PRIORITIES, RESOLUTIONS, STOPPINGS, TASK_STATUSES } from "#tasks/task.ts";
import { DIRECTORY_MODES, QUEUE_ORDERS } from "#workspaces/workspace.ts";
import * as wire from "./wire-words.ts";

type Table = Readonly<Record<string, number>>;

/** The wire's enum, our table to it, and our list where the words are listed. */
const ENUMS: [DescEnum, Table, (readonly string[])?][] = [
  [DirectoryModeSchema, wire.DIRECTORY_MODE, DIRECTORY_MODES],
  [QueueOrderSchema, wire.QUEUE_ORDER, QUEUE_ORDERS],
  [taskPb.TaskStatusSchema, wire.TASK_STATUS, TASK_STATUSES],
  [taskPb.TaskPrioritySchema, wire.PRIORITY, PRIORITIES],
  [taskPb.TaskHoldSchema, wire.HOLD, HOLDS],
  [taskPb.TaskAttentionSchema, wire.ATTENTION, ATTENTIONS],
  [taskPb.TaskResolutionSchema, wire.RESOLUTION, RESOLUTIONS],
  [taskPb.TaskStoppingSchema, wire.STOPPING, STOPPINGS],
  [taskPb.ActivityKindSchema, wire.ACTIVITY_KIND, ACTIVITY_KINDS],
  [ActorKindSchema, wire.ACTOR_KIND, ACTOR_KINDS],
  [ExecutionStateSchema, wire.EXECUTION_STATE, EXECUTION_STATES],
  [ExecutionOutcomeSchema, wire.OUTCOME, OUTCOMES],
  [ContainmentSchema, wire.CONTAINMENT, CONTAINMENTS],
  [AnswerActionTypeSchema, wire.ACTION_TYPE],
  [WaitReasonSchema, wire.WAIT_REASON, WAIT_REASONS],
  [EventTypeSchema, wire.EVENT_TYPE, EVENT_TYPES],
  [CliKindSchema, wire.CLI_KIND],
  [ProblemKindSchema, wire.PROBLEM_KIND],
];

test.each(ENUMS.map(([desc, table, list]) => [desc.typeName, desc, table, list] as const))(
  "%s has the same words here and on the wire",
  (_, desc, table, list) => {
    const ours = Object.fromEntries(Object.entries(table).filter(([, value]) => value !== 0));
    const theirs = desc.values.filter((value) => value.number !== 0).map((value) => [unprefixed(value.name, desc), value.number]);
    expect(Object.fromEntries(Object.entries(ours).map(([word, value]) => [word.toUpperCase(), value]))).toEqual(
      Object.fromEntries(theirs),
    );
    if (list !== undefined) expect(new Set(list)).toEqual(new Set(Object.keys(table)));
  },
);

test("every table to the wire is in this test", () => {
  expect(new Set(ENUMS.map(([, table]) => table))).toEqual(new Set(Object.values(wire)));
});

/** Our list for each list of words in the schema of the database. */
const COLUMNS: Record<string, readonly string[]> = {
  "workspaces.directory_mode": DIRECTORY_MODES,
  "workspaces.queue_order": QUEUE_ORDERS,
  "tasks.status": TASK_STATUSES,
  "tasks.hold": HOLDS,
  "tasks.attention": ATTENTIONS,
  "tasks.resolution": RESOLUTIONS,
  "tasks.stopping": STOPPINGS,
  "comments.author_kind": ACTOR_KINDS,
  "activities.kind": ACTIVITY_KINDS,
  "activities.actor_kind": ACTOR_KINDS,
  "queue_entries.reason": QUEUE_REASONS,
  "queue_entries.state": QUEUE_STATES,
  "runs.state": RUN_STATES,
  "runs.outcome": RUN_OUTCOMES,
  "executions.state": EXECUTION_STATES,
  "executions.stop_reason": STOP_REASONS,
  "executions.outcome": OUTCOMES,
  "executions.containment": CONTAINMENTS,
  "pauses.resource": ["cli", "workspace"],
  "events.type": EVENT_TYPES,
  "removals.kind": ["execution", "task"],
};

test("the database takes exactly the words that the nouns have", () => {
  const tables = openTestStore().store.reader.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all() as {
    name: string;
    sql: string;
  }[];
  const checks = tables.flatMap(({ name, sql }) =>
    [...sql.matchAll(/CHECK \((\w+) IN \(([^)]*)\)\)/g)].map(
      ([, column, words = ""]) => [`${name}.${column}`, [...words.matchAll(/'([^']*)'/g)].map((word) => word[1])] as const,
    ),
  );
  const asSets = (lists: (readonly [string, readonly (string | undefined)[]])[]) =>
    Object.fromEntries(lists.map(([column, words]) => [column, new Set(words)]));
  expect(asSets(checks)).toEqual(asSets(Object.entries(COLUMNS)));
});

test("the priorities of the database are places in the list", () => {
  const sql = openTestStore().store.reader.prepare("SELECT sql FROM sqlite_schema WHERE name = 'tasks'").pluck().get() as string;
  expect(sql).toContain(`CHECK (priority BETWEEN 1 AND ${PRIORITIES.length})`);
});

function unprefixed(name: string, desc: DescEnum): string {
  const prefix = `${desc.name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
