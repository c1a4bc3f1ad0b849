export const QUEUE_REASONS = [
  "created",
  "moved",
  "comment",
  "retry",
  "rejected",
  "dependency_ready",
  "children_done",
  "schedule",
  "manual",
] as const;
export type QueueReason = (typeof QUEUE_REASONS)[number];

export const QUEUE_STATES = ["queued", "leased", "closed"] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

/** One reason to work on a task. Times in Unix milliseconds. */
export interface QueueEntry {
  id: string;
  taskId: string;
  workspaceId: string;
  reason: QueueReason;
  state: QueueState;
  /** Not before this time. */
  readyAt: number;
  pinned: boolean;
  /** 1 = low … 4 = critical. */
  priority: number;
  /** Newest event when it was made and when it was last bumped: its place in the order, whatever clocks do. */
  createdSeq: number;
  bumpedSeq: number;
  createdAt: number;
  updatedAt: number;
}
