import type { Hold, TaskStatus } from "#tasks/task.ts";

export const WAIT_REASONS = [
  "running",
  "stopping",
  "review",
  "done",
  "held",
  "workspace_paused",
  "slot_taken",
  "queued_behind",
  "back_off",
  "cli_paused",
  "workspace_fault",
  "machine_full",
  "runner_starting",
  "starting",
  "not_queued",
  "disk_full",
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** What a task is doing or waiting for: always one reason, the first that applies. Times in Unix milliseconds. */
export interface Explanation {
  reason: WaitReason;
  sentence: string;
  since: number | null;
  until: number | null;
  blockingTaskId: string;
  queuePosition: number;
}

/** Everything that can keep a task waiting, read at one moment. */
export interface Facts {
  status: TaskStatus;
  hold: Hold;
  stopping: boolean;
  updatedAt: number;
  attention: string;
  /** Of the task: name of the agent that works, since when. */
  running: { agentName: string; since: number } | null;
  workspacePaused: boolean;
  /** Task of the workspace that holds the slot, when it is another one. */
  slot: { taskId: string; key: string } | null;
  /** The task's own run holds the slot and is between steps. */
  holdsSlot: boolean;
  entry: { readyAt: number; reason: string; since: number; before: number } | null;
  cliPause: { cli: string; cause: string; since: number; until: number } | null;
  workspacePause: { cause: string; detail: string; since: number; until: number } | null;
  /** Too little room to start anything, in words. */
  disk: { since: number; words: string } | null;
  machineFull: boolean;
  runnerState: "none" | "starting" | "attached";
  now: number;
}

/** Picks the first reason that applies and says it. */
export function explain(facts: Facts): Explanation {
  for (const rule of RULES) {
    const found = rule(facts);
    if (found !== undefined) return { since: null, until: null, blockingTaskId: "", queuePosition: 0, ...found };
  }
  return {
    reason: "starting",
    sentence: "It starts within a moment.",
    since: facts.now,
    until: null,
    blockingTaskId: "",
    queuePosition: 0,
  };
}

type Rule = (facts: Facts) => (Pick<Explanation, "reason" | "sentence"> & Partial<Explanation>) | undefined;

const cause = (word: string): string => word.replaceAll("_", " ");

const RULES: readonly Rule[] = [
  ({ stopping, updatedAt }) =>
    stopping
      ? { reason: "stopping", sentence: "It is being stopped; its processes have to be proven dead first.", since: updatedAt }
      : undefined,
  ({ running }) =>
    running === null ? undefined : { reason: "running", sentence: `${running.agentName} works on it now.`, since: running.since },
  ({ status, attention, updatedAt }) =>
    status === "in_review"
      ? {
          reason: "review",
          sentence: `It waits for you (${cause(attention)}): comment to let the agents go on, or move it to done.`,
          since: updatedAt,
        }
      : undefined,
  ({ status, updatedAt }) =>
    status === "done" ? { reason: "done", sentence: "It is done. Move it to todo to take it up again.", since: updatedAt } : undefined,
  ({ hold, updatedAt }) =>
    hold === "none" ? undefined : { reason: "held", sentence: `It is held (${hold}). Take the hold away to queue it.`, since: updatedAt },
  ({ entry, holdsSlot }) =>
    entry === null && !holdsSlot
      ? { reason: "not_queued", sentence: "Nothing is queued for it. Comment on it or restart it to let the agents go on." }
      : undefined,
  ({ workspacePaused }) =>
    workspacePaused
      ? { reason: "workspace_paused", sentence: "Its workspace is paused by you. Resume the workspace to go on." }
      : undefined,
  ({ disk }) => (disk === null ? undefined : { reason: "disk_full", sentence: disk.words, since: disk.since }),
  ({ workspacePause, now }) =>
    workspacePause !== null && workspacePause.until > now
      ? {
          reason: "workspace_fault",
          sentence: `Its workspace waits (${cause(workspacePause.cause)}): ${workspacePause.detail} Malamar tries again by itself.`,
          since: workspacePause.since,
          until: workspacePause.until,
        }
      : undefined,
  ({ cliPause, now }) =>
    cliPause !== null && cliPause.until > now
      ? {
          reason: "cli_paused",
          sentence: `The CLI ${cliPause.cli} waits (${cause(cliPause.cause)}). Malamar tries again by itself.`,
          since: cliPause.since,
          until: cliPause.until,
        }
      : undefined,
  ({ entry, now, holdsSlot }) =>
    entry !== null && !holdsSlot && entry.readyAt > now
      ? {
          reason: "back_off",
          sentence: "An attempt did not work; the next one starts by itself.",
          since: entry.since,
          until: entry.readyAt,
        }
      : undefined,
  ({ slot, entry }) =>
    slot === null
      ? undefined
      : {
          reason: "slot_taken",
          sentence: `${slot.key} is in progress; the workspace works on one task at a time.`,
          blockingTaskId: slot.taskId,
          queuePosition: (entry?.before ?? 0) + 1,
        },
  ({ entry, holdsSlot }) =>
    entry !== null && !holdsSlot && entry.before > 0
      ? {
          reason: "queued_behind",
          sentence: `${entry.before} ${entry.before === 1 ? "task goes" : "tasks go"} before it. Prioritise it to let it go first.`,
          since: entry.since,
          queuePosition: entry.before + 1,
        }
      : undefined,
  ({ machineFull }) =>
    machineFull
      ? { reason: "machine_full", sentence: "The machine-wide number of executions is reached; it starts when one ends." }
      : undefined,
  ({ runnerState }) =>
    runnerState === "attached" ? undefined : { reason: "runner_starting", sentence: "The workspace's runner is being started." },
];
