import { hasProc } from "./proc.ts";
import type { CliProcess } from "./spawn-cli.ts";
import { keptWithin } from "./within.ts";

/** How a CLI wants to be told to end, from the politest signal on. KILL needs no mention, it always comes last. */
export interface StopPlan {
  signals: NodeJS.Signals[];
  /** A CLI that cleans up after itself is told alone; a script's children must hear it as well. */
  to: "process" | "group";
}

const LONGEST_DEATH_MS = 200;

/** Ends a CLI: each polite signal, then the grace time, at last KILL for the whole group. What hides is for the sweep. */
export async function stopCli(cli: CliProcess, plan: StopPlan, graceMs: number): Promise<void> {
  // Before, the signal would only end the process that waits for it.
  await cli.entered;
  for (const signal of plan.signals) {
    if (cli.exit() !== null) return;
    // On its way into an enclosure it leads no group yet.
    if (plan.to !== "group" || !send(-cli.pid, signal)) send(cli.pid, signal);
    if (await keptWithin(cli.exited, graceMs)) return;
  }
  await killCli(cli);
}

/** Ends a CLI without asking. */
export async function killCli(cli: CliProcess): Promise<void> {
  if (cli.exit() !== null) return;
  if (!hasProc) await killTree(cli.pid);
  if (!send(-cli.pid, "SIGKILL")) send(cli.pid, "SIGKILL");
  // The group is enough as a rule, and then what hid from it can still be counted.
  if (cli.enclosure !== null && !(await keptWithin(cli.exited, LONGEST_DEATH_MS))) cli.enclosure.kill();
  await cli.exited;
}

/** False when nobody is there: it ended by itself in this very moment. */
function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}

/** Children that left the group can only be found through their parent, and only while it lives. */
async function killTree(pid: number): Promise<void> {
  const { default: treeKill } = await import("tree-kill");
  await new Promise<void>((done) => treeKill(pid, "SIGKILL", () => done()));
}
