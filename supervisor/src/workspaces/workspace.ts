export const DIRECTORY_MODES = ["temp", "static"] as const;
export type DirectoryMode = (typeof DIRECTORY_MODES)[number];

export const QUEUE_ORDERS = ["lifo", "fifo"] as const;
export type QueueOrder = (typeof QUEUE_ORDERS)[number];

/** Milliseconds; null = the next wider setting, 0 = none. */
export interface TimeLimits {
  timeLimit: number | null;
  silenceWarning: number | null;
  silenceLimit: number | null;
}

export interface TaskCounts {
  todo: number;
  in_progress: number;
  in_review: number;
  done: number;
}

/** Root of agents and tasks. Times in Unix milliseconds. */
export interface Workspace {
  id: string;
  title: string;
  /** The instruction that every agent of the workspace gets. */
  description: string;
  /** Upper-case prefix of task keys, unique in the installation. */
  prefix: string;
  directoryMode: DirectoryMode;
  /** Absolute; empty in temp mode. */
  directoryPath: string;
  queueOrder: QueueOrder;
  /** Identical consecutive errors of one agent that send a task to review; 0 = never. */
  breakerLimit: number;
  paused: boolean;
  limits: TimeLimits;
  /** A delete waits for the processes to be proven dead. */
  deleting: boolean;
  /** Task whose work was taken up or ended last; "" = none yet. */
  lastTaskId: string;
  counts: TaskCounts;
  version: number;
  createdAt: number;
  updatedAt: number;
  lastActivityAt: number;
}
