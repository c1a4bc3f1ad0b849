import { Problem, type Violation } from "#errors/problem.ts";
import { lineViolations, textViolations } from "#errors/text-rules.ts";

export const TASK_STATUSES = ["todo", "in_progress", "in_review", "done"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const PRIORITIES = ["low", "normal", "high", "critical"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const HOLDS = ["none", "draft", "paused"] as const;
export type Hold = (typeof HOLDS)[number];

export const ATTENTIONS = ["none", "question", "converged", "cancelled", "error", "limit", "conflict", "escalated"] as const;
export type Attention = (typeof ATTENTIONS)[number];

export const RESOLUTIONS = ["none", "completed", "wont_do", "duplicate"] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** What a person asked for while an execution lives; carried out when its processes are proven dead. */
export const STOPPINGS = ["none", "cancelling", "moving", "restarting", "deleting"] as const;
export type Stopping = (typeof STOPPINGS)[number];

/** Unit of work. Times in Unix milliseconds. */
export interface Task {
  id: string;
  workspaceId: string;
  /** Of the workspace, e.g. MAL. */
  prefix: string;
  number: number;
  summary: string;
  description: string;
  kind: string;
  status: TaskStatus;
  priority: Priority;
  pinned: boolean;
  hold: Hold;
  attention: Attention;
  attentionDetail: string;
  resolution: Resolution;
  stopping: Stopping;
  /** Event that told of the newest thing a person said or changed; 0 = nothing yet. */
  saidSeq: number;
  /** Everything up to this event is counted as seen, whoever saw it: a cancel moves it. */
  heardSeq: number;
  runCount: number;
  passNumber: number;
  commentCount: number;
  version: number;
  createdAt: number;
  updatedAt: number;
  doneAt: number | null;
}

const MAY_BECOME = {
  todo: ["in_progress", "done"],
  in_progress: ["in_review", "todo"],
  in_review: ["todo", "done"],
  done: ["todo"],
} as const satisfies Record<TaskStatus, readonly TaskStatus[]>;

/** Short name for people, e.g. MAL-42. */
export function taskKey(task: Pick<Task, "prefix" | "number">): string {
  return `${task.prefix}-${task.number}`;
}

/** What a change of status says besides the new status. */
export interface StatusChange {
  status: TaskStatus;
  attention?: Attention;
  attentionDetail?: string;
  resolution?: Resolution;
}

/** The task after a change of status; throws the one "wrong state" problem when the change is not allowed. */
export function changeStatus(task: Task, change: StatusChange, now: number): Task {
  const { status } = change;
  if (!(MAY_BECOME[task.status] as readonly TaskStatus[]).includes(status)) {
    const allowed = MAY_BECOME[task.status].join(" or ");
    throw new Problem(
      "wrong_state",
      `task_${task.status}`,
      `${taskKey(task)} is ${words(task.status)} and cannot become ${words(status)}; nothing was changed.`,
      `From here it can become ${words(allowed)}.`,
    );
  }
  return {
    ...task,
    status,
    attention: change.attention ?? "none",
    attentionDetail: change.attentionDetail ?? "",
    resolution: status === "done" ? (change.resolution ?? "completed") : "none",
    stopping: "none",
    // A pin says which waiting task goes first; in review and done there is nothing to go first.
    pinned: task.pinned && (status === "todo" || status === "in_progress"),
    doneAt: status === "done" ? now : null,
    updatedAt: now,
    version: task.version + 1,
  };
}

/** A person said something that no execution has been given yet. */
export function hasUnheard(task: Pick<Task, "saidSeq" | "heardSeq">, seenSeq: number): boolean {
  return task.saidSeq > Math.max(seenSeq, task.heardSeq);
}

export function words(state: string): string {
  return state.replaceAll("_", " ");
}

export interface TaskFields {
  summary: string;
  description: string;
  kind: string;
}

/** The same rules for API, imports and templates. */
export function taskViolations(fields: Partial<TaskFields>): Violation[] {
  const found: Violation[] = [];
  const { summary, description, kind } = fields;
  if (summary !== undefined) found.push(...lineViolations("summary", summary));
  if (description !== undefined) found.push(...textViolations("description", description));
  if (kind !== undefined && !/^[a-z][a-z0-9_-]{0,39}$/.test(kind)) {
    found.push({ field: "kind", description: "must be 1 to 40 lower-case letters, digits, - or _, the first a letter" });
  }
  return found;
}

export function contentViolations(content: string): Violation[] {
  if (content.trim() === "") return [{ field: "content", description: "must not be empty" }];
  return textViolations("content", content);
}
