import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, signalProcess } from "#runners/process-identity.ts";
import { askSystem } from "./ask.ts";
import { findPaths } from "./data-directory.ts";
import { EXIT } from "./exit-code.ts";
import { livingSupervisor } from "./record.ts";
import type { SupervisorRecord } from "./record.ts";
import { complain, counted, say } from "./say.ts";

export type StopHow = "keep" | "now" | "drain";

const SIGNALS = { keep: "SIGTERM", now: "SIGINT", drain: "SIGUSR2" } as const;
/** Longer than the supervisor allows itself. */
const LIMITS = { keep: 8_000, now: 15_000, drain: Infinity } as const;

/** Ends the supervisor of the data directory, and says beforehand what becomes of the steps that are running. */
export async function stop(flags: Record<string, unknown>, how: StopHow): Promise<number> {
  const { paths } = findPaths(flags);
  const record = livingSupervisor(paths.pidFile);
  if (record === undefined) {
    say(`Malamar is not running with the data directory ${paths.dataDir}; there is nothing to stop.`);
    return EXIT.ok;
  }
  const live = (await askSystem(record))?.liveExecutions ?? 0;
  say(whatBecomes(live, how));
  if (!signalProcess(record, SIGNALS[how])) return stopped(record);
  return (await gone(record, how)) ? stopped(record) : stillThere(record, how);
}

function whatBecomes(live: number, how: StopHow): string {
  if (live === 0) return "No step is running.";
  const running = live === 1 ? "1 step is running" : `${live} steps are running`;
  if (how === "now") return `${running}: stopped now, started again with the next start.`;
  if (how === "drain")
    return `${running}: nothing new is started, and Malamar stops when the last has ended. Ctrl-C ends the waiting here, not there.`;
  return `${running}: carried on by the runners, delivered after the next start. (--now stops, --drain waits.)`;
}

async function gone(record: SupervisorRecord, how: StopHow): Promise<boolean> {
  const since = performance.now();
  let nextWord = 10_000;
  while (isAlive(record)) {
    const waited = performance.now() - since;
    if (waited > LIMITS[how]) return false;
    if (how === "drain" && waited > nextWord) {
      nextWord += 30_000;
      say(`${counted((await askSystem(record))?.liveExecutions ?? 0, "step")} left …`);
    }
    await sleep(50);
  }
  return true;
}

function stopped(record: SupervisorRecord): number {
  say(`Malamar (process ${record.pid}) has stopped.`);
  return EXIT.ok;
}

function stillThere(record: SupervisorRecord, how: StopHow): number {
  const harder = how === "now" ? `kill -9 ${record.pid}` : "malamar stop --now";
  complain(`Malamar (process ${record.pid}) was asked to stop and has not ended yet. Wait a moment, or insist: ${harder}`);
  return EXIT.failed;
}
