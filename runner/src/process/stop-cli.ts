import { hasProc } from "./proc.ts";
import type { CliProcess } from "./spawn-cli.ts";
import { keptWithin } from "./within.ts";

/** How a CLI wants to be told to end, from the politest signal on. KILL needs no mention, it always comes last. */
export interface StopPlan {
  signals: NodeJS.Signals[];
  /** A CLI that cleans up after itself is told alone; a script's children must hear it as well. */
  to: "process" | "group";
}

/** Ends a CLI: each polite signal, then the grace time, at last KILL for the whole group. What hides is for the sweep. */
export async function stopCli(cli: CliProcess, plan: StopPlan, graceMs: number): Promise<void> {
  for (const signal of plan.signals) {
    if (cli.exit() !== null) return;
    send(plan.to === "group" ? -cli.pid : cli.pid, signal);
    if (await keptWithin(cli.exited, graceMs)) return;
  }
  await killCli(cli);
}

/** Ends a CLI without asking. */
export async function killCli(cli: CliProcess): Promise<void> {
  if (cli.exit() !== null) return;
  if (!hasProc) await killTree(cli.pid);
  send(-cli.pid, "SIGKILL");
  await cli.exited;
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // It ended by itself in this very moment.
  }
}

/** Children that left the group can only be found through their parent, and only while it lives. */
async function killTree(pid: number): Promise<void> {
  const { default: treeKill } = await import("tree-kill");
  await new Promise<void>((done) => treeKill(pid, "SIGKILL", () => done()));
}
