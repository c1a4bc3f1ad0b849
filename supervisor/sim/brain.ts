import type { ControlRequest } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { liveExecutions } from "#executions/execution-table.ts";
import { eventsAfter, newestEventSeq } from "#events/event-table.ts";
import { openLogs } from "#logs/logs.ts";
import type { LoopDeps } from "#loop/deps.ts";
import { controlStream } from "#rpc/control-stream.ts";
import type { ToRunner } from "#rpc/encode-grant.ts";
import { endRunner } from "#runners/end-runner.ts";
import { reapTargets } from "#runners/reap-targets.ts";
import { registerRunner } from "#runners/register-runner.ts";
import { createRegistry } from "#runners/registry.ts";
import { livingRunners } from "#runners/runner-table.ts";
import { startSchedule } from "#schedule/loop.ts";
import type { Db } from "#store/open-db.ts";
import { createStore, type Store, takeEpoch } from "#store/store.ts";
import type { Clock } from "./clock.ts";
import type { Dice } from "./dice.ts";
import type { Connection, RunnerProcess } from "./hands.ts";

/** One life of the supervisor: the real store, registry, schedule and control streams, over virtual time and a network of our own. */
export interface Brain {
  deps: LoopDeps;
  epoch: number;
  up(): boolean;
  connect(runnerId: string, hear: (message: ToRunner) => void, lost: () => void): Connection | undefined;
  runnerExited(runnerId: string): void;
  /** It thinks it lives and does nothing, as a machine that sleeps. */
  freeze(): void;
  /** Everything in memory is gone; what was not committed never happened. */
  crash(): void;
}

export interface Surroundings {
  clock: Clock;
  dice: Dice;
  writer: Db;
  runners: Map<string, RunnerProcess>;
  launch(id: string, token: string): void;
  /** What a subscriber of the event stream saw. */
  seen: { seq: number; type: string; taskId: string }[];
  nextId(): string;
  faulty(): boolean;
  crashed(): void;
}

const CRASH_AT_COMMIT = 0.006;

export function startBrain(world: Surroundings): Brain {
  const { clock, dice, writer } = world;
  let alive = true;
  let frozen = false;
  const connections = new Set<() => void>();
  const { epoch } = takeEpoch(writer, clock.now(), "simulation");

  /** Work of this life only: a process that is gone does nothing later. */
  const after = (delay: number, work: () => void) => clock.after(delay, () => void (alive && !frozen && work()));

  const memory = createStore({
    writer,
    epoch,
    onFatal: crash,
    soon: (commit, patience) => after(dice.between(0, 3) + patience, () => powerCut(commit)),
  });
  const store: Store = {
    ...memory,
    transact(work, patience) {
      // What waited for a promise of the last life must not go on in the next one.
      if (!alive) throw new Error("This process is gone.");
      return memory.transact(work, patience);
    },
  };
  const deps: LoopDeps = { store, now: clock.now, newId: world.nextId, random: dice.roll, backOff: { first: 1000, longest: 300_000 } };

  /** Now and then the power goes in the instant of a commit: before it is on disk, or after, with nobody told. */
  function powerCut(commit: () => void): void {
    const faulty = world.faulty();
    const before = faulty && dice.chance(CRASH_AT_COMMIT);
    const afterwards = faulty && dice.chance(CRASH_AT_COMMIT);
    const exec = writer.exec.bind(writer);
    if (before) {
      writer.exec = (sql) => {
        if (sql !== "COMMIT") return exec(sql);
        exec("ROLLBACK");
        throw new Error("The power went.");
      };
    }
    commit();
    writer.exec = exec;
    if (before || afterwards) crash();
  }

  function publish(): void {
    const last = world.seen.at(-1)?.seq ?? 0;
    for (const { seq, type, taskId } of eventsAfter(writer, last, 10_000)) world.seen.push({ seq, type, taskId });
  }

  function crash(): void {
    if (!alive) return;
    alive = false;
    if (writer.inTransaction) writer.exec("ROLLBACK");
    for (const cut of connections) cut();
    world.crashed();
  }

  const registry = createRegistry();
  const launching = new Map<string, string>();
  const carrier = (workspaceId: string) => [...launching].find(([, each]) => each === workspaceId)?.[0];

  /** Stands for the fleet: one runner per workspace, launched when needed, given up when its process has ended. */
  const fleet = {
    state: (workspaceId: string) =>
      registry.carrierOf(workspaceId) !== undefined
        ? ("attached" as const)
        : carrier(workspaceId) === undefined
          ? ("none" as const)
          : ("starting" as const),
    ensure(workspaceId: string) {
      if (carrier(workspaceId) !== undefined) return;
      const id = world.nextId();
      registerRunner(deps, { id, boot: 1, token: id, workspaceIds: [workspaceId] });
      launching.set(id, workspaceId);
      void store.durable().then(
        () => alive && world.launch(id, id),
        () => launching.delete(id),
      );
    },
  };

  function runnerExited(runnerId: string): void {
    const workspaceId = launching.get(runnerId);
    if (!alive || workspaceId === undefined) return;
    registry.expel(runnerId);
    launching.delete(runnerId);
    endRunner(deps, runnerId);
    if (store.transact((db) => reapTargets(db, [workspaceId]).length > 0)) fleet.ensure(workspaceId);
  }

  const logs = openLogs({ folder: "/nonexistent", deps, onError: () => {} });
  const settings = { clis: [], timeLimits: { timeLimit: 0, silenceWarning: 0, silenceLimit: 0 }, logCap: 1, stopGrace: 1, finishGrace: 1 };
  const service = {
    deps,
    registry,
    logs,
    grantSettings: () => settings,
    epoch,
    renewInterval: 10_000,
    lease: 300_000,
    helloTimeout: 2 ** 31 - 1,
    goOn: (workspaceId: string) => schedule.goOn(workspaceId),
    log: { info: () => {}, warn: () => {} },
  };

  function connect(_runnerId: string, hear: (message: ToRunner) => void, lost: () => void): Connection | undefined {
    if (!alive || frozen) return undefined;
    let open = true;
    let lastUp = 0;
    let lastDown = 0;
    let taking: Promise<void> = Promise.resolve();
    // A stream delivers in order or not at all; only when is open.
    const delay = () => (world.faulty() && dice.chance(0.05) ? dice.between(1, 4000) : dice.between(0, 2));
    const down = (work: () => void) => {
      lastDown = Math.max(lastDown, clock.now() + delay());
      clock.after(lastDown - clock.now(), () => void (open && work()));
    };
    const outbox = {
      push: (message: ToRunner) => alive && down(() => hear(message)),
      end: () => cut(),
      async *[Symbol.asyncIterator]() {},
    };
    const stream = controlStream(service, outbox);
    connections.add(cut);

    function cut(): void {
      if (!open) return;
      open = false;
      connections.delete(cut);
      stream.over();
      clock.after(dice.between(0, 500), lost);
    }

    return {
      cut,
      send(message: ControlRequest) {
        lastUp = Math.max(lastUp, clock.now() + delay());
        clock.after(lastUp - clock.now(), () => {
          if (!open || !alive || frozen) return;
          taking = taking.then(() => (open && alive && !frozen ? stream.take(message) : undefined)).catch(() => cut());
        });
      },
    };
  }

  // A subscriber that is only woken, and reads the table then.
  store.onCommit(publish);
  for (const { id, workspaceIds } of store.transact((db) => livingRunners(db))) {
    launching.set(id, workspaceIds[0] as string);
    if (!world.runners.get(id)?.alive) after(10, () => runnerExited(id));
  }
  const schedule = startSchedule({
    deps,
    registry,
    fleet,
    settings: { ...settings, maxExecutions: 0 },
    leftovers: { executions: "/nonexistent", tasks: "/nonexistent", removeLog: async () => {} },
    onError: () => {},
    timers: { soon: (work) => void after(0, work), after },
  });
  for (const { state, workspaceId } of store.transact((db) => liveExecutions(db))) if (state === "reaping") fleet.ensure(workspaceId);
  // What the last life committed without telling anybody is told now.
  if (newestEventSeq(writer) > 0) publish();

  return { deps, epoch, up: () => alive, connect, runnerExited, freeze: () => void (frozen = true), crash };
}
