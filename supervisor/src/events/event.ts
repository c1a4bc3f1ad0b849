export const EVENT_TYPES = [
  "workspace_changed",
  "workspace_deleted",
  "agent_changed",
  "agent_deleted",
  "task_changed",
  "task_deleted",
  "comment_changed",
  "execution_changed",
  "system_changed",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** A pointer to what changed; the rows themselves hold the state. */
export interface Event {
  seq: number;
  type: EventType;
  workspaceId: string;
  taskId: string;
  /** Id of the agent, comment or execution; empty when the task or the workspace is meant. */
  subjectId: string;
  createdAt: number;
}
