import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, pids, processFacts, processStrings, signalProcess } from "./process-identity.ts";

const ROUNDS = 100;

/**
 * The last resort when everything ends and no runner is left to do it: kills the process groups that runners reported and
 * whatever else carries the marker of the executions, until two looks in a row find nothing, since one look misses what is
 * born meanwhile.
 */
export async function killLeftovers(executions: readonly { id: string; pid: number; pidStartTicks: number }[]): Promise<void> {
  if (executions.length === 0) return;
  const markers = new Set(executions.map((execution) => `MALAMAR_EXECUTION_ID=${execution.id}`));
  for (let round = 0, quiet = 0; round < ROUNDS && quiet < 2; round++) {
    let found = 0;
    for (const execution of executions) {
      if (execution.pid > 0 && isAlive(execution)) found++;
      if (execution.pid > 0) signalProcess(execution, "SIGKILL", { group: true });
    }
    for (const pid of marked(markers)) {
      const facts = processFacts(pid);
      if (facts !== undefined && signalProcess({ pid, pidStartTicks: facts.startTicks }, "SIGKILL")) found++;
    }
    quiet = found === 0 ? quiet + 1 : 0;
    await sleep(found === 0 ? 5 : 20);
  }
}

function marked(markers: ReadonlySet<string>): number[] {
  return pids().filter((pid) => pid !== process.pid && processStrings(pid, "environ").some((entry) => markers.has(entry)));
}
