import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { type Task, TaskAttention, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";

/** `attention`: it is in review, but because something went wrong or somebody stopped it. */
export type Verdict = "goes on" | "reached" | "attention";

const WRONG: readonly TaskAttention[] = [TaskAttention.ERROR, TaskAttention.CANCELLED, TaskAttention.LIMIT, TaskAttention.CONFLICT];

/** The task after an event. What was read after the stream was opened may be newer than the events that come in late. */
export function afterEvent(task: Task, { subject }: Event): Task {
  return subject.case === "task" && subject.value.version >= task.version ? subject.value : task;
}

/** Whether somebody who waits for a task has reason to wait on. */
export function verdictOf({ status, attention }: Task, until: "in_review" | "done"): Verdict {
  if (status === TaskStatus.DONE) return "reached";
  if (status !== TaskStatus.IN_REVIEW) return "goes on";
  if (WRONG.includes(attention)) return "attention";
  return until === "in_review" ? "reached" : "goes on";
}
