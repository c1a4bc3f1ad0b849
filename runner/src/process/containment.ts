import type { CliLaunch } from "./spawn-cli.ts";

/**
 * How surely everything that an execution started can be ended. L0: process group and looped sweep by marker. L1: a control group
 * of its own. L2: a PID namespace of its own. L3: both.
 */
export const LEVELS = ["L0", "L1", "L2", "L3"] as const;
export type Level = (typeof LEVELS)[number];
export type ContainmentSetting = Level | "auto";

export interface Command {
  program: string;
  args: string[];
}

/** What an execution is shut in, from before its start until nothing of it lives. */
export interface Enclosure {
  level: Level;
  /** The command that starts a program inside. */
  wrap: (launch: CliLaunch) => Command;
  /** PID 1 of the namespace, as the runner sees it; then the process we start only waits for the CLI, its child. null = no namespace. */
  guard: number | null;
  /** Kills everything inside at once. */
  kill: () => void;
  /** Kills what is left inside and settles when nothing lives there any more; false = that could not be proven in time. */
  end: () => Promise<boolean>;
}

/** What to try, from the best level on. As an ordinary user a PID namespace needs a user namespace, in which sudo and ssh fail. */
export function levelsToTry(setting: ContainmentSetting, isRoot: boolean): Level[] {
  if (setting !== "auto") return [setting];
  return isRoot ? ["L2", "L1", "L0"] : ["L1", "L0"];
}

export function isContainmentSetting(word: string): word is ContainmentSetting {
  return word === "auto" || LEVELS.some((level) => level === word);
}
