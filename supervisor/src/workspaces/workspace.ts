import type { Violation } from "#errors/problem.ts";
import { lineViolations, textViolations } from "#errors/text-rules.ts";

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

/** What a person sets. */
export type WorkspaceSettings = Pick<
  Workspace,
  "title" | "description" | "prefix" | "directoryMode" | "directoryPath" | "queueOrder" | "breakerLimit" | "paused" | "limits"
>;

/** What a workspace starts with when nobody says otherwise; an empty prefix is made from the title. */
export const NEW_WORKSPACE: Omit<WorkspaceSettings, "title"> = {
  description: "",
  prefix: "",
  directoryMode: "temp",
  directoryPath: "",
  queueOrder: "lifo",
  breakerLimit: 5,
  paused: false,
  limits: { timeLimit: null, silenceWarning: null, silenceLimit: null },
};

/** The settings as they are stored: without blanks around the title, the prefix in upper case, no directory in temp mode. */
export function tidySettings<T extends Partial<Pick<WorkspaceSettings, "title" | "prefix">>>(settings: T): T {
  const tidy = { ...settings };
  if (tidy.title !== undefined) tidy.title = tidy.title.trim();
  if (tidy.prefix !== undefined) tidy.prefix = tidy.prefix.trim().toUpperCase();
  return tidy;
}

/** The rules of the given settings. Directory mode and path have one together, so whoever gives one gives both. */
export function workspaceViolations(settings: Partial<WorkspaceSettings>): Violation[] {
  const { title, description, prefix, directoryMode, directoryPath = "", breakerLimit, limits } = settings;
  const found: Violation[] = [];
  if (title !== undefined) found.push(...lineViolations("title", title));
  if (description !== undefined) found.push(...textViolations("description", description));
  if (prefix !== undefined && prefix !== "" && !isPrefix(prefix)) {
    found.push({ field: "prefix", description: "must be 2 to 8 letters A–Z or digits, the first a letter" });
  }
  if (directoryMode === "static" && (!directoryPath.startsWith("/") || /\p{Cc}/u.test(directoryPath))) {
    found.push({ field: "directoryPath", description: "must be the absolute path of a folder, since the directory mode is static" });
  }
  if (directoryMode === "temp" && directoryPath !== "") {
    found.push({
      field: "directoryPath",
      description: "must be empty in temp mode; set the directory mode to static to work in a folder of yours",
    });
  }
  if (breakerLimit !== undefined && (!Number.isInteger(breakerLimit) || breakerLimit < 0 || breakerLimit > 1000)) {
    found.push({ field: "breakerLimit", description: "must be a whole number from 0 (never) to 1000" });
  }
  if (limits !== undefined) found.push(...limitViolations(limits));
  return found;
}

/** Node's timers reach 24.8 days; a longer one would ring at once. */
const LONGEST_LIMIT = 24 * 86_400_000;

export function limitViolations(limits: TimeLimits): Violation[] {
  return Object.entries(limits)
    .filter(([, value]: [string, number | null]) => value !== null && (!Number.isInteger(value) || value < 0 || value > LONGEST_LIMIT))
    .map(([name]) => ({ field: `limits.${name}`, description: "must be from 0 (none) to 24 days" }));
}

export function isPrefix(text: string): boolean {
  return /^[A-Z][A-Z0-9]{1,7}$/.test(text);
}
