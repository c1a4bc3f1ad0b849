import { create } from "@bufbuild/protobuf";
import { EventSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskAttention, TaskSchema, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { expect, test } from "vitest";
import { afterEvent, verdictOf } from "./wait-verdict.ts";

const { TODO, IN_PROGRESS, IN_REVIEW, DONE } = TaskStatus;
const { NONE, CONVERGED, QUESTION, ESCALATED, ERROR, CANCELLED, LIMIT, CONFLICT } = TaskAttention;

test.each([
  [TODO, NONE, "goes on", "goes on"],
  [IN_PROGRESS, NONE, "goes on", "goes on"],
  [IN_REVIEW, NONE, "reached", "goes on"],
  [IN_REVIEW, CONVERGED, "reached", "goes on"],
  [IN_REVIEW, QUESTION, "reached", "goes on"],
  [IN_REVIEW, ESCALATED, "reached", "goes on"],
  [IN_REVIEW, ERROR, "attention", "attention"],
  [IN_REVIEW, CANCELLED, "attention", "attention"],
  [IN_REVIEW, LIMIT, "attention", "attention"],
  [IN_REVIEW, CONFLICT, "attention", "attention"],
  [DONE, NONE, "reached", "reached"],
  // A status or an attention of the future is no reason to stop waiting, or to call it wrong.
  [0, NONE, "goes on", "goes on"],
] as const)("status %i with attention %i: until review it %s, until done it %s", (status, attention, untilReview, untilDone) => {
  const task = create(TaskSchema, { status, attention });
  expect([verdictOf(task, "in_review"), verdictOf(task, "done")]).toEqual([untilReview, untilDone]);
});

test("an event that is older than what was read does not turn the task back", () => {
  const read = create(TaskSchema, { version: 5n, status: TODO });
  const about = (version: bigint) =>
    create(EventSchema, { subject: { case: "task", value: create(TaskSchema, { version, status: IN_REVIEW }) } });
  expect(afterEvent(read, about(4n)).status).toBe(TODO);
  expect(afterEvent(read, about(6n)).status).toBe(IN_REVIEW);
  expect(afterEvent(read, create(EventSchema, { subject: { case: "execution", value: {} } }))).toBe(read);
});
