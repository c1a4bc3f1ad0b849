import type { Actor } from "./comment.ts";

export const ACTIVITY_KINDS = [
  "task_created",
  "task_updated",
  "status_changed",
  "comment_added",
  "prioritised",
  "held",
  "run_started",
  "run_ended",
  "pass_started",
  "agent_started",
  "agent_finished",
  "stop_requested",
  "restarted",
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** One line of a task's immutable history. */
export interface Activity {
  seq: number;
  taskId: string;
  kind: ActivityKind;
  actor: Actor;
  detail: Record<string, string>;
  createdAt: number;
}
