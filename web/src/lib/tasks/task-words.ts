import { TaskAttention, TaskHold, TaskPriority, TaskStatus, TaskStopping, type Task } from "@malamar/proto/malamar/v1/task_pb";
import { wordOf } from "#lib/api/word-of.ts";

const STATUS = {
  [TaskStatus.UNSPECIFIED]: "Unknown",
  [TaskStatus.TODO]: "Todo",
  [TaskStatus.IN_PROGRESS]: "In progress",
  [TaskStatus.IN_REVIEW]: "In review",
  [TaskStatus.DONE]: "Done",
} satisfies Record<TaskStatus, string>;

const ATTENTION = {
  [TaskAttention.UNSPECIFIED]: "",
  [TaskAttention.NONE]: "",
  [TaskAttention.QUESTION]: "Asks you",
  [TaskAttention.CONVERGED]: "All agents are through",
  [TaskAttention.CANCELLED]: "Cancelled",
  [TaskAttention.ERROR]: "Stopped by errors",
  [TaskAttention.LIMIT]: "Limit reached",
  [TaskAttention.CONFLICT]: "Conflict",
  [TaskAttention.ESCALATED]: "Escalated",
} satisfies Record<TaskAttention, string>;

const STOPPING = {
  [TaskStopping.UNSPECIFIED]: "",
  [TaskStopping.NONE]: "",
  [TaskStopping.CANCELLING]: "Cancelling",
  [TaskStopping.MOVING]: "Stopping for review",
  [TaskStopping.RESTARTING]: "Restarting",
  [TaskStopping.DELETING]: "Deleting",
} satisfies Record<TaskStopping, string>;

const PRIORITY = {
  [TaskPriority.UNSPECIFIED]: "",
  [TaskPriority.LOW]: "Low",
  [TaskPriority.NORMAL]: "",
  [TaskPriority.HIGH]: "High",
  [TaskPriority.CRITICAL]: "Critical",
} satisfies Record<TaskPriority, string>;

const HOLD = {
  [TaskHold.UNSPECIFIED]: "",
  [TaskHold.NONE]: "",
  [TaskHold.DRAFT]: "Draft",
  [TaskHold.PAUSED]: "Paused",
} satisfies Record<TaskHold, string>;

export function statusName(status: TaskStatus): string {
  return wordOf(STATUS, status, STATUS[TaskStatus.UNSPECIFIED]);
}

/** Whether an agent is at work on the task or about to be. */
export function isActive(task: Task): boolean {
  return task.status === TaskStatus.IN_PROGRESS || isStopping(task);
}

export function isStopping(task: Task): boolean {
  return stoppingWord(task) !== "";
}

export function stoppingWord(task: Task): string {
  return wordOf(STOPPING, task.stopping);
}

export function isHeld(task: Task): boolean {
  return task.status === TaskStatus.TODO && wordOf(HOLD, task.hold) !== "";
}

/** Why a person should look; a word that this page does not know yet still says that somebody should. */
export function attentionWord(task: Task): string {
  return wordOf(ATTENTION, task.attention, "Needs a look");
}

/** What sets the task apart from the others of its group. */
export function labels(task: Task): string[] {
  return [task.pinned ? "Goes first" : "", wordOf(PRIORITY, task.priority), wordOf(HOLD, task.hold)].filter((label) => label !== "");
}
