import { liveExecutions, liveExecutionsOfRunner } from "#executions/execution-table.ts";
import type { Deps } from "#store/deps.ts";
import { assignRunner } from "./assign-runner.ts";
import { endRunner } from "./end-runner.ts";
import { endFleet } from "./end-fleet.ts";
import { createLaunchGate } from "./launch-gate.ts";
import type { LivingRunner, RunnerEnd, RunnerLauncher } from "./launcher.ts";
import { isSpare, isUsable, type Limits, look, type Member, newMember } from "./member.ts";
import { reapTargets } from "./reap-targets.ts";
import { registerRunner } from "./register-runner.ts";
import type { Registry } from "./registry.ts";
import { livingRunners } from "./runner-table.ts";

export interface Fleet {
  /** Adopts the runners that outlived an earlier supervisor and gives up those that did not. */
  start(): Promise<void>;
  /** Sees to it that some runner carries the workspace: one that does, the warm spare, or a new one. May be repeated at will. */
  ensure(workspaceId: string): void;
  state(workspaceId: string): "none" | "starting" | "attached";
  /** Why no runner is launched at present, for people. */
  trouble(): string | undefined;
  /**
   * keep: working runners go on without us, all others end. kill: every step is stopped and delivered, then every runner ends.
   * Settles when the processes that have to be gone are proven gone.
   */
  shutdown(mode: "keep" | "kill"): Promise<void>;
}

export interface FleetOptions {
  deps: Deps;
  registry: Registry;
  launcher: RunnerLauncher;
  newToken: () => string;
  config: {
    workspacesPerRunner: number;
    warmSpare: boolean;
    /** Milliseconds without work after which a runner ends. */
    runnerIdle: number;
    /** A runner that works and sends not even a heartbeat for so long is given up. */
    lease: number;
  };
  log: { info(words: string): void; warn(words: string): void; error(error: unknown, words: string): void };
  /** Shorter in tests. Milliseconds. */
  times?: Partial<FleetTimes>;
}

export interface FleetTimes {
  tick: number;
  /** A runner of an earlier supervisor or a new one that says nothing for so long is given up. */
  helloLimit: number;
  /** The same for one that was attached: it may be busy, and giving it up costs its step. */
  absentLimit: number;
  /** An idle runner that was told to retire is made to after this. */
  retireLimit: number;
  /** A runner that worked for so long did not fail at its start. */
  provenAfter: number;
  /** Steps have so long to be stopped and delivered when everything ends. */
  stopLimit: number;
  /** A runner has so long to end when it is asked, before it is killed. */
  endGrace: number;
  spareDelay: number;
}

const TIMES: FleetTimes = {
  tick: 1_000,
  helloLimit: 10_000,
  absentLimit: 30_000,
  retireLimit: 10_000,
  provenAfter: 30_000,
  stopLimit: 10_000,
  endGrace: 2_000,
  spareDelay: 1_000,
};

const STOPPED: RunnerEnd = { clean: true, sentence: "It was ended together with its supervisor." };

export function createFleet({ deps, registry, launcher, newToken, config, log, times: given = {} }: FleetOptions): Fleet {
  const times = { ...TIMES, ...given };
  const { store } = deps;
  const members = new Map<string, Member>();
  /** Workspaces that wait for a launch that is held back. */
  const wanted = new Set<string>();
  const gate = createLaunchGate(() => performance.now());
  // Whatever the setting: a runner that has just come must have the time to be given its first step.
  const idle = Math.max(config.runnerIdle, times.tick);
  const { helloLimit: hello, absentLimit: absent, retireLimit } = times;
  const limits: Limits = { hello, absent, lease: config.lease, idle, retire: retireLimit };
  let launchTimer: NodeJS.Timeout | undefined;
  let spareTimer: NodeJS.Timeout | undefined;
  let ticker: NodeJS.Timeout | undefined;
  let lastTick = 0;
  let sinceWork = 0;
  let closing = false;

  const isAttached = (id: string): boolean => registry.attached().some((runner) => runner.id === id);
  const carrierOf = (workspaceId: string): Member | undefined =>
    [...members.values()].find((member) => !member.retiring && member.workspaceIds.includes(workspaceId));

  function ensure(workspaceId: string): void {
    if (closing) return;
    sinceWork = 0;
    const carrier = carrierOf(workspaceId);
    if (carrier !== undefined) {
      carrier.idle = 0;
      return;
    }
    try {
      provide(workspaceId);
    } catch (error) {
      // The schedule asks again as long as work waits.
      log.error(error, `No runner could be provided for workspace ${workspaceId}; its tasks wait.`);
    }
  }

  function provide(workspaceId: string): void {
    const free = pickFree();
    if (free !== undefined) {
      assign(free, [...free.workspaceIds, workspaceId]);
      keepSpare();
    } else if (gate.wait() > 0) {
      wanted.add(workspaceId);
      launchLater();
    } else {
      launch([workspaceId]);
      keepSpare();
    }
  }

  /** The spare, attached or on its way, or else the runner with the most room. */
  function pickFree(): Member | undefined {
    const usable = [...members.values()].filter(isUsable);
    const spares = usable.filter(isSpare);
    const spare = spares.find((member) => isAttached(member.id)) ?? spares[0];
    const shared = usable
      .filter((member) => !isSpare(member) && member.workspaceIds.length < config.workspacesPerRunner)
      .toSorted((a, b) => a.workspaceIds.length - b.workspaceIds.length)[0];
    return config.workspacesPerRunner > 1 ? (shared ?? spare) : spare;
  }

  function assign(member: Member, workspaceIds: string[]): void {
    assignRunner(deps, member.id, workspaceIds);
    member.workspaceIds = workspaceIds;
    member.idle = 0;
    registry.send(member.id, { type: "assign", workspaceIds });
    sendReap(workspaceIds, member.id);
  }

  function sendReap(workspaceIds: string[], runnerId: string): void {
    const targets = store.transact((db) => reapTargets(db, workspaceIds));
    if (targets.length > 0) registry.send(runnerId, { type: "reap", targets });
  }

  function launch(workspaceIds: string[]): void {
    const id = deps.newId();
    const token = newToken();
    registerRunner(deps, { id, boot: 1, token, workspaceIds });
    const member = enrol(id, workspaceIds);
    member.launched = store
      .durable()
      .then(() => launcher.launch({ runnerId: member.id, boot: 1, token }))
      .then(
        (living) => watch(member, living),
        (error: unknown) => {
          log.error(error, `Runner ${member.id} could not be launched.`);
          ended(member, { clean: false, sentence: error instanceof Error ? error.message : String(error) });
        },
      );
  }

  function enrol(id: string, workspaceIds: string[]): Member {
    const member = newMember(id, workspaceIds);
    members.set(id, member);
    keepTicking();
    return member;
  }

  function watch(member: Member, living: LivingRunner): void {
    member.living = living;
    member.unwatch = launcher.watch(living, (end) => ended(member, end));
  }

  function ended(member: Member, end: RunnerEnd): void {
    if (members.get(member.id) !== member) return;
    member.unwatch();
    // First of all, so that nothing is given to it any more.
    registry.expel(member.id);
    let lost;
    try {
      lost = endRunner(deps, member.id);
    } catch (error) {
      log.error(error, `The end of runner ${member.id} could not be written down; it is tried again.`);
      member.end = end;
      return;
    }
    members.delete(member.id);
    if (member.retiring && lost === 0) return log.info(`Runner ${member.id} retired.`);
    if (closing) return;
    note(member, end, lost);
    if (!member.everAttached || haveToReap(member.workspaceIds)) for (const workspaceId of member.workspaceIds) ensure(workspaceId);
  }

  function haveToReap(workspaceIds: string[]): boolean {
    try {
      return store.transact((db) => reapTargets(db, workspaceIds).length > 0);
    } catch (error) {
      log.error(error, "It could not be read what has to be proven dead; a runner is provided in any case.");
      return true;
    }
  }

  function note(member: Member, end: RunnerEnd, lost: number): void {
    const kept = lost > 0 ? ` ${lost} of its steps start again once their processes are proven dead.` : "";
    log.warn(`Runner ${member.id} ended unexpectedly. ${end.sentence}${kept}`);
    const trouble = gate.failed(end.sentence, member.present >= times.provenAfter);
    if (trouble !== undefined) log.warn(trouble);
  }

  function launchLater(): void {
    launchTimer ??= setTimeout(() => {
      launchTimer = undefined;
      const waiting = [...wanted];
      wanted.clear();
      for (const workspaceId of waiting) ensure(workspaceId);
    }, gate.wait() + 1).unref();
  }

  /** Not at once: the work that has just come needs the machine more. */
  function keepSpare(): void {
    if (!config.warmSpare || closing) return;
    spareTimer ??= setTimeout(() => {
      spareTimer = undefined;
      const useful = !closing && sinceWork < config.runnerIdle && !gate.inTrouble();
      if (!useful || [...members.values()].some(isSpare)) return;
      try {
        launch([]);
      } catch (error) {
        log.error(error, "No spare runner could be provided; the next work tries again.");
      }
    }, times.spareDelay).unref();
  }

  function keepTicking(): void {
    if (ticker !== undefined) return;
    lastTick = performance.now();
    ticker = setInterval(tick, times.tick).unref();
  }

  function tick(): void {
    const now = performance.now();
    const passed = Math.min(now - lastTick, 2 * times.tick);
    lastTick = now;
    if (members.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
      return;
    }
    try {
      lookAtAll(passed);
    } catch (error) {
      log.error(error, "The runners could not be looked after; it is tried again.");
    }
  }

  function lookAtAll(passed: number): void {
    const busy = new Set(liveExecutions(store.reader).map((execution) => execution.runnerId));
    const attached = new Map(registry.attached().map((runner) => [runner.id, runner.messages]));
    sinceWork = busy.size > 0 ? 0 : sinceWork + passed;
    for (const member of members.values()) {
      if (member.end !== undefined) ended(member, member.end);
      else lookAt(member, { passed, busy: busy.has(member.id), messages: attached.get(member.id), sinceWork });
    }
  }

  function lookAt(member: Member, sight: Parameters<typeof look>[1]): void {
    const provenBefore = member.present >= times.provenAfter;
    const verdict = look(member, sight, limits);
    if (!provenBefore && member.present >= times.provenAfter) gate.proven();
    if (verdict.do === "give_up") giveUp(member, verdict.why);
    else if (verdict.do === "retire") retire(member);
  }

  function retire(member: Member): void {
    // A step may have been leased to it in this very turn, which no reader sees yet.
    if (store.transact((db) => liveExecutionsOfRunner(db, member.id).length > 0)) return;
    member.retiring = true;
    registry.send(member.id, { type: "retire" });
  }

  /** Its end is then seen like any other, and what it had on its hands is lost. */
  function giveUp(member: Member, why: string): void {
    if (member.stopping || member.living === undefined) return;
    member.stopping = true;
    registry.expel(member.id);
    log.warn(`Runner ${member.id} ${why}; it is being ended.`);
    launcher.stop(member.living, times.endGrace).catch((error: unknown) => {
      member.stopping = false;
      log.error(error, `Runner ${member.id} could not be ended; nothing is started in its place.`);
    });
  }

  async function start(): Promise<void> {
    const obstacle = await launcher.probe();
    if (obstacle !== undefined) log.warn(obstacle);
    launcher.tidy().catch((error: unknown) => log.error(error, "Old logs of runners could not be removed."));
    const living = new Map((await launcher.list()).map((runner) => [runner.runnerId, runner]));
    for (const row of store.transact((db) => livingRunners(db))) {
      const alive = living.get(row.id);
      living.delete(row.id);
      if (alive !== undefined) watch(enrol(row.id, row.workspaceIds), alive);
      else if (endRunner(deps, row.id) > 0) log.warn(`Runner ${row.id} ended while no supervisor was there; its step starts again.`);
    }
    const unknown = [...living.values()];
    for (const runner of unknown) log.warn(`Runner ${runner.runnerId} is not known here any more; it is being ended.`);
    await Promise.all(unknown.map((runner) => launcher.stop(runner, times.endGrace)));
    for (const { state, workspaceId } of store.transact((db) => liveExecutions(db))) if (state === "reaping") ensure(workspaceId);
  }

  return {
    start,
    ensure,
    state(workspaceId) {
      if (registry.carrierOf(workspaceId) !== undefined) return "attached";
      return carrierOf(workspaceId) !== undefined || wanted.has(workspaceId) ? "starting" : "none";
    },
    trouble: gate.trouble,
    async shutdown(mode) {
      closing = true;
      clearTimeout(launchTimer);
      clearTimeout(spareTimer);
      clearInterval(ticker);
      await endFleet({ mode, members, registry, launcher, store, times, log, ended: (member) => ended(member, STOPPED) });
    },
  };
}
