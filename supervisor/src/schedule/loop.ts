import { findExecution, liveExecutions } from "#executions/execution-table.ts";
import { buildGrant, type GrantSettings } from "#loop/build-grant.ts";
import type { LoopDeps } from "#loop/deps.ts";
import { heedClock } from "#loop/heed-clock.ts";
import { nextPauseEnd } from "#loop/pause-table.ts";
import { workspacesWithWork } from "#loop/run-table.ts";
import { startStep } from "#loop/start-step.ts";
import { nextReadyAt } from "#queue/queue-table.ts";
import type { Fleet } from "#runners/fleet.ts";
import type { Credit, Order, Registry } from "#runners/registry.ts";
import { choose } from "./choose.ts";
import { oldestRemovals } from "./removal-table.ts";
import { type Leftovers, sweepFiles } from "./sweep-files.ts";

export interface Schedule {
  /** Starts the workspace's next step in this turn, in the same commit as what made it possible, if a runner has credit for it. */
  goOn(workspaceId: string): void;
  /** Starts nothing more. */
  stop(): void;
}

export interface ScheduleOptions {
  deps: LoopDeps;
  registry: Registry;
  fleet: Pick<Fleet, "ensure" | "state">;
  settings: GrantSettings & { maxExecutions: number };
  leftovers: Leftovers;
  /** Whether the disk has room for more; asked before anything is started. */
  hasRoom?: () => boolean;
  onError: (error: unknown) => void;
  /** Simulations bring their own time. */
  timers?: Timers;
}

export interface Timers {
  soon(work: () => void): void;
  /** @returns a function that calls it off */
  after(milliseconds: number, work: () => void): () => void;
}

const REAL_TIMERS: Timers = {
  soon: (work) => void setImmediate(work),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Wake-ups are never lost, but a clock that jumped or a missed one must not cost more than this. */
const SLOW_TIMER = 30_000;

/** Starts what can start whenever something changed: after each commit, when a runner comes or gives credit, and when a wait ends. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { deps, registry, fleet, settings, leftovers, hasRoom = () => true, onError, timers = REAL_TIMERS } = options;
  const { store } = deps;
  let stopped = false;
  let sweeping = false;
  let woken = false;
  let callOff = () => {};
  let lookedAt = Infinity;
  const orders: { credit: Credit; executionId: string }[] = [];
  const told = new Set<string>();

  function wake(): void {
    if (woken || stopped) return;
    woken = true;
    timers.soon(() => {
      woken = false;
      guard(look);
    });
  }

  function guard(work: () => void): void {
    if (stopped) return;
    try {
      work();
    } catch (error) {
      onError(error);
      setTimer(1000);
    }
  }

  function look(): void {
    const now = deps.now();
    // Also at the first look: the clock may have been set back while nobody was there.
    if (now < lookedAt) heedClock(deps);
    lookedAt = now;
    const live = liveExecutions(store.reader);
    tellStops(live);
    const ready = workspacesWithWork(store.reader, now);
    const choice = choose({
      workspaces: ready.length > 0 && hasRoom() ? ready : [],
      live: live.length,
      maxExecutions: settings.maxExecutions,
      runnerState: (id) => fleet.state(id),
    });
    for (const id of choice.ensure) fleet.ensure(id);
    // What has to be reaped needs a runner too, although nothing can start there before.
    for (const execution of live) if (execution.state === "reaping") fleet.ensure(execution.workspaceId);
    for (const id of choice.start) start(id);
    sweep();
    const next = Math.min(nextReadyAt(store.reader, now) ?? Infinity, nextPauseEnd(store.reader, now) ?? Infinity);
    setTimer(Math.min(Math.max(next - now, 1), SLOW_TIMER));
  }

  function start(workspaceId: string): void {
    let credit: Credit | undefined;
    const execution = startStep(deps, workspaceId, () => (credit = registry.takeCredit(workspaceId)));
    if (execution === undefined || credit === undefined) return;
    if (orders.push({ credit, executionId: execution.id }) > 1) return;
    // An order leaves when the lease is on disk; all of one turn leave with one commit.
    store.durable().then(sendOrders, takeBack);
  }

  function sendOrders(): void {
    for (const { credit, executionId } of orders.splice(0)) guard(() => sendGrant(credit.runnerId, executionId));
  }

  function sendGrant(runnerId: string, executionId: string): void {
    const execution = findExecution(store.reader, executionId);
    if (execution !== undefined) send(runnerId, { type: "grant", grant: buildGrant(store.reader, execution, settings) });
  }

  /** The leases could not be stored: the runners' credit is good again, after a pause, since the disk is the likely cause. */
  function takeBack(error: unknown): void {
    onError(error);
    const unspent = orders.splice(0);
    timers.after(1000, () => {
      for (const { credit } of unspent) registry.addCredit(credit.runnerId, credit.requestId);
    });
  }

  /** Files go after the commit that deleted their owner, one sweep at a time. */
  function sweep(): void {
    if (sweeping || oldestRemovals(store.reader, 1).length === 0) return;
    sweeping = true;
    sweepFiles(deps, leftovers)
      .catch(onError)
      .finally(() => {
        sweeping = false;
      });
  }

  function tellStops(live: ReturnType<typeof liveExecutions>): void {
    const stopping = live.filter(({ stopReason, state }) => stopReason !== "none" && state !== "reaping");
    for (const id of told) if (!stopping.some((execution) => execution.id === id)) told.delete(id);
    for (const { id, runnerId, stopReason } of stopping) {
      if (!told.has(id) && send(runnerId, { type: "stop", executionId: id, reason: stopReason })) told.add(id);
    }
  }

  /** A runner that is away is told again when it is back: grants by its repeated request, stops on its next heartbeat. */
  function send(runnerId: string, order: Order): boolean {
    return registry.send(runnerId, order);
  }

  function setTimer(milliseconds: number): void {
    callOff();
    callOff = timers.after(milliseconds, () => guard(look));
  }

  store.onCommit(wake);
  registry.onChange(wake);
  wake();
  return {
    goOn: (workspaceId) => guard(() => fleet.state(workspaceId) === "attached" && underCap() && hasRoom() && start(workspaceId)),
    stop() {
      stopped = true;
      callOff();
    },
  };

  function underCap(): boolean {
    return settings.maxExecutions === 0 || liveExecutions(store.reader).length <= settings.maxExecutions;
  }
}
