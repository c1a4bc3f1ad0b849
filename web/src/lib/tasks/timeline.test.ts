import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ExecutionSchema, ExecutionState, type Execution } from "@malamar/proto/malamar/v1/execution_pb";
import { CommentSchema, type Comment } from "@malamar/proto/malamar/v1/task_pb";
import { expect, test } from "vitest";
import { timeline } from "./timeline.ts";

const execution = (id: string, passNumber: number, endedAt: number | undefined, runNumber = 1): Execution =>
  create(ExecutionSchema, {
    id,
    runNumber,
    passNumber,
    state: endedAt === undefined ? ExecutionState.RUNNING : ExecutionState.ENDED,
    ...(endedAt === undefined ? {} : { endedAt: timestampFromMs(endedAt) }),
  });
const comment = (id: string, createdAt: number, executionId = ""): Comment =>
  create(CommentSchema, { id, executionId, createdAt: timestampFromMs(createdAt) });

const told = (comments: Comment[], executions: Execution[]) =>
  timeline(comments, executions).map((entry) =>
    entry.kind === "pass" ? `run ${entry.run} pass ${entry.pass}` : `${entry.kind} ${entry.id}`,
  );

test("a step that spoke is its comment, a silent one stands for itself", () => {
  expect(told([comment("plan", 10, "planner")], [execution("planner", 1, 10), execution("reviewer", 1, 20)])).toEqual([
    "run 1 pass 1",
    "comment plan",
    "step reviewer",
  ]);
});

test("a heading stands before the first step of each pass, and a person's comment starts none", () => {
  const executions = [execution("a", 1, 10), execution("b", 2, 30), execution("c", 1, 50, 2)];
  expect(told([comment("user", 5), comment("late", 40)], executions)).toEqual([
    "comment user",
    "run 1 pass 1",
    "step a",
    "run 1 pass 2",
    "step b",
    "comment late",
    "run 2 pass 1",
    "step c",
  ]);
});

test("what runs now comes last, below the heading of its pass", () => {
  expect(told([comment("user", 99)], [execution("now", 2, undefined), execution("a", 1, 10)])).toEqual([
    "run 1 pass 1",
    "step a",
    "comment user",
    "run 1 pass 2",
    "live now",
  ]);
});

test("an execution that failed comes before what Malamar says about it in the same instant", () => {
  expect(told([comment("system", 10)], [execution("a", 1, 10)])).toEqual(["run 1 pass 1", "step a", "comment system"]);
});
