import { setTimeout as sleep } from "node:timers/promises";
import { liveExecutions } from "#executions/execution-table.ts";
import type { Store } from "#store/store.ts";
import type { FleetOptions, FleetTimes } from "./fleet.ts";
import { killLeftovers } from "./kill-leftovers.ts";
import type { RunnerLauncher } from "./launcher.ts";
import type { Member } from "./member.ts";
import type { Registry } from "./registry.ts";

export interface EndFleetRequest {
  mode: "keep" | "kill";
  members: Map<string, Member>;
  registry: Registry;
  launcher: RunnerLauncher;
  store: Store;
  times: FleetTimes;
  log: FleetOptions["log"];
  /** Writes down that a runner is proven gone. */
  ended(member: Member): void;
}

/** Between two looks while something is waited for. Milliseconds. */
const LOOK = 20;
/** A stop order may cross the grant it is meant for, so it is repeated. */
const REPEAT = 500;

/** Ends the runners when the supervisor ends; `keep` leaves those alone that carry out a step. */
export async function endFleet(request: EndFleetRequest): Promise<void> {
  const { mode, members, store, log } = request;
  await Promise.all([...members.values()].map((member) => member.launched));
  // What was leased in this turn counts as well.
  await store.durable();
  if (mode === "kill") await stopSteps(request);
  const busy = new Set(mode === "keep" ? liveExecutions(store.reader).map((execution) => execution.runnerId) : []);
  await Promise.all([...members.values()].filter((member) => !busy.has(member.id)).map((member) => endMember(request, member)));
  if (mode === "kill") {
    await store.durable();
    const left = liveExecutions(store.reader);
    if (left.length > 0)
      log.warn(`${left.length} steps could not be stopped in time; their processes are killed and they start again next time.`);
    await killLeftovers(left);
  }
  for (const member of members.values()) member.unwatch();
}

/** Until every step is delivered, lost ones included, or the time is up. */
async function stopSteps({ registry, store, times }: EndFleetRequest): Promise<void> {
  const end = performance.now() + times.stopLimit;
  for (let told = -Infinity; performance.now() < end; await sleep(LOOK)) {
    const live = liveExecutions(store.reader);
    if (live.length === 0) return;
    if (performance.now() - told < REPEAT) continue;
    told = performance.now();
    for (const { id, runnerId } of live) registry.send(runnerId, { type: "stop", executionId: id, reason: "supervisor_stopping" });
  }
}

async function endMember({ members, registry, launcher, times, log, ended }: EndFleetRequest, member: Member): Promise<void> {
  member.retiring = true;
  if (registry.send(member.id, { type: "retire" })) {
    const end = performance.now() + times.endGrace;
    while (members.has(member.id) && performance.now() < end) await sleep(LOOK);
  }
  if (!members.has(member.id) || member.living === undefined) return;
  try {
    await launcher.stop(member.living, times.endGrace);
  } catch (error) {
    log.error(error, `Runner ${member.id} could not be ended.`);
    return;
  }
  ended(member);
}
