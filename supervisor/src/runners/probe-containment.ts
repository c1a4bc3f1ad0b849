import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Problem } from "#errors/problem.ts";

export interface ContainmentFacts {
  /** What auto takes here. */
  chosen: string;
  /** Why a level is not to be had on this machine; null = it is. */
  levels: Record<string, string | null>;
}

/** Asks the runner program, which is the one that will do it. */
export async function probeContainment(runnerProgram: string): Promise<ContainmentFacts> {
  const { stdout } = await promisify(execFile)(process.execPath, [runnerProgram, "--probe"], { timeout: 30_000 });
  return JSON.parse(stdout) as ContainmentFacts;
}

/** A level that a person asked for and cannot have is no reason to quietly take a lower one. */
export async function refuseMissingContainment(runnerProgram: string, wanted: string): Promise<void> {
  if (wanted === "auto" || wanted === "L0") return;
  const { chosen, levels } = await probeContainment(runnerProgram);
  const why = levels[wanted];
  if (why === null || why === undefined) return;
  throw new Problem(
    "unavailable",
    "containment_missing",
    `Containment ${wanted} is not to be had on this machine: ${why}. Nothing was started.`,
    `Set containment to auto (${chosen} here), or put it right: ${containmentFix(wanted)}`,
  );
}

/** A command that helps as a rule. */
export function containmentFix(level: string): string {
  const tools = "apt-get install util-linux";
  const group = "systemd-run --user --scope -p Delegate=yes malamar serve";
  return level === "L2" ? tools : level === "L1" ? group : `${tools} && ${group}`;
}
