import {
  type Task,
  TaskAttention,
  TaskHold,
  TaskPriority,
  TaskResolution,
  TaskSchema,
  TaskStatus,
  TaskStopping,
} from "@malamar/proto/malamar/v1/task_pb";
import type { Style } from "#output/look.ts";
import type { View } from "#output/print.ts";
import { exactly, relative } from "#output/time.ts";
import { wordOf } from "#output/words.ts";

export const taskView: View<Task> = {
  schema: TaskSchema,
  plural: "tasks",
  name: ({ key, id }) => (key === "" ? id : key),
  columns: [
    { title: "KEY", value: ({ key }) => key },
    { title: "STATUS", value: (task) => stateOf(task), style: (task) => styleOf(task) },
    { title: "PRIORITY", optional: true, value: ({ priority, pinned }) => `${wordOf(TaskPriority, priority)}${pinned ? ", pinned" : ""}` },
    { title: "PASS", optional: true, align: "right", value: ({ passNumber }) => (passNumber === 0 ? "" : String(passNumber)) },
    { title: "COMMENTS", optional: true, align: "right", value: ({ commentCount }) => String(commentCount) },
    { title: "UPDATED", value: ({ updatedAt }, { now }) => relative(updatedAt, now) },
    { title: "SUMMARY", value: ({ summary }) => summary, flexible: true },
  ],
  fields: (task, { now }) => [
    { title: "Task", value: `${task.key}  ${task.summary}`, style: "bold" },
    { title: "Id", value: task.id },
    { title: "Workspace", value: task.workspaceId },
    { title: "Status", value: stateOf(task), style: styleOf(task) },
    { title: "Attention", value: task.attentionDetail },
    { title: "Resolution", value: wordUnlessNone(TaskResolution, task.resolution) },
    { title: "Priority", value: `${wordOf(TaskPriority, task.priority)}${task.pinned ? ", pinned: goes first" : ""}` },
    { title: "Kind", value: task.kind },
    { title: "Run, pass", value: task.runNumber === 0 ? "never ran" : `${task.runNumber}, ${task.passNumber}` },
    { title: "Execution", value: task.liveExecutionId },
    { title: "Comments", value: String(task.commentCount) },
    { title: "Created", value: exactly(task.createdAt, now) },
    { title: "Updated", value: exactly(task.updatedAt, now) },
    { title: "Done", value: exactly(task.doneAt, now) },
    { title: "Version", value: String(task.version) },
  ],
  sections: ({ description }) => [{ title: "Description", text: description }],
};

/** The status with what else decides about the task: "in_review (question)", "todo (draft)". */
export function stateOf(task: Task): string {
  const status = wordOf(TaskStatus, task.status);
  const besides = [
    wordUnlessNone(TaskStopping, task.stopping),
    wordUnlessNone(TaskHold, task.hold),
    wordUnlessNone(TaskAttention, task.attention),
  ].filter((word) => word !== "");
  return besides.length === 0 ? status : `${status} (${besides.join(", ")})`;
}

export function styleOf({ status, attention }: Task): Style | undefined {
  if (attention === TaskAttention.ERROR) return "red";
  if (status === TaskStatus.IN_PROGRESS) return "cyan";
  if (status === TaskStatus.IN_REVIEW) return "yellow";
  return status === TaskStatus.DONE ? "green" : undefined;
}

function wordUnlessNone<T extends number>(words: Readonly<Record<string, T>>, value: T): string {
  const word = wordOf(words, value);
  return word === "none" ? "" : word;
}
