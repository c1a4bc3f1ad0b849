import { createAgent } from "#agents/create-agent.ts";
import { findExecution, liveExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import { cancelTask } from "#loop/cancel-task.ts";
import { openMemory } from "#store/open-memory.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { NEW_WORKSPACE } from "#workspaces/workspace.ts";
import { type Brain, startBrain, type Surroundings } from "./brain.ts";
import { createClock } from "./clock.ts";
import { createDice } from "./dice.ts";
import { type CliProcess, launchRunner, type Machine, type Produced, type RunnerProcess } from "./hands.ts";
import { twoLiveClis, violation } from "./invariants.ts";
import { type Act, actOnce } from "./people.ts";

export interface Result {
  violation: string | undefined;
  events: number;
  executions: number;
  applied: number;
  crashes: number;
  kills: number;
}

const FAULTS_END = 160_000;
const END = 3 * 3_600_000;
const AGENTS = 3;

/** One seed, one run: two workspaces, people, runners and a supervisor, all tormented for two and a half virtual minutes, then left in peace. */
export async function simulate(seed: number): Promise<Result> {
  const dice = createDice(seed);
  const clock = createClock(Date.UTC(2026, 0, 1));
  const start = clock.now();
  const writer = openMemory();
  const processes: CliProcess[] = [];
  const produced: Produced[] = [];
  const runners = new Map<string, RunnerProcess>();
  const acts: Act[] = [];
  let ids = 0;
  let pids = 1000;
  let crashes = 0;
  let kills = 0;
  let brain: Brain | undefined;
  let broken: string | undefined;
  const faulty = () => clock.now() - start < FAULTS_END;
  const up = () => (brain?.up() === true ? brain : undefined);

  const machine: Machine = {
    clock,
    dice,
    processes,
    produced,
    faulty,
    connect: (id, hear, lost) => up()?.connect(id, hear, lost),
    exited: (id) => up()?.runnerExited(id),
  };
  const world: Surroundings = {
    clock,
    dice,
    writer,
    runners,
    faulty,
    seen: [],
    nextId: () => `i${++ids}`,
    launch: (id, token) => void runners.set(id, launchRunner(machine, { id, token, pid: ++pids })),
    crashed() {
      crashes += 1;
      clock.after(dice.between(200, 20_000), wake);
    },
  };

  function wake(): void {
    if (up() === undefined) brain = startBrain(world);
  }

  wake();
  const { deps } = brain as unknown as Brain;
  const workspaceIds = ["One", "Two"].map((title) => {
    const { id } = createWorkspace(deps, { ...NEW_WORKSPACE, title, breakerLimit: 4 });
    const agent = { instruction: "", cli: "demo", model: "", enabled: true, limits: NEW_WORKSPACE.limits };
    for (let at = 1; at <= AGENTS; at++) createAgent({ ...deps, cliNames: ["demo"] }, id, { ...agent, name: `Agent ${at}` });
    return id;
  });

  function people(): void {
    if (!faulty()) return;
    const present = up();
    if (present !== undefined) {
      actOnce(present, dice, workspaceIds, acts, acts.length < 4).catch((error: unknown) => {
        broken ??= `a person got an internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      });
    }
    // Whatever a person causes to be said to a runner may get lost on its way.
    if (dice.chance(0.15)) clock.after(dice.between(0, 6), () => dice.pick([...runners.values()].filter(({ alive }) => alive))?.cut());
    clock.after(dice.between(100, 12_000), people);
  }

  /** Somebody looks after what never ends. */
  function patience(): void {
    const present = up();
    if (present !== undefined) {
      for (const id of workspaceIds) {
        const live = liveExecution(present.deps.store.reader, id);
        if (live === undefined || live.stopReason !== "none" || clock.now() - live.leasedAt < 40_000) continue;
        const task = live.taskId;
        cancelTask(present.deps, task);
        if (faulty() && dice.chance(0.5)) clock.after(dice.between(1, 5), () => runners.get(live.runnerId)?.cut());
        void present.deps.store.durable().then(
          () =>
            acts.push({
              kind: "cancel",
              taskId: task,
              seq: Number(writer.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck().get()),
              time: clock.now(),
            }),
          () => {},
        );
      }
    }
    clock.after(20_000, patience);
  }

  function nemesis(): void {
    if (!faulty()) return;
    const roll = dice.roll();
    const runner = dice.pick([...runners.values()].filter(({ alive }) => alive));
    if (roll < 0.15) up()?.crash();
    else if (roll < 0.25) replace();
    else if (runner !== undefined && roll < 0.4) {
      kills += 1;
      runner.kill();
    } else if (runner !== undefined && roll < 0.7) runner.cut();
    else if (runner !== undefined && roll < 0.8) {
      runner.frozen = true;
      clock.after(dice.between(500, 40_000), () => {
        runner.frozen = false;
      });
    } else {
      const cli = dice.pick(processes.filter(({ alive }) => alive));
      // Somebody kills a CLI: its runner sees that and reports it.
      if (cli !== undefined) cli.alive = false;
    }
    clock.after(dice.between(500, 15_000), nemesis);
  }

  /** A second supervisor takes the data directory while the first still thinks it has it. */
  function replace(): void {
    const old = up();
    if (old === undefined || writer.inTransaction) return;
    // Both share one connection here, so the old one sleeps until it tries to write.
    old.freeze();
    brain = startBrain(world);
    clock.after(dice.between(1, 50), () => {
      if (!old.up() || writer.inTransaction) return old.crash();
      const before = writer.prepare("SELECT total_changes()").pluck().get();
      try {
        old.deps.store.transact((db) => db.exec("UPDATE workspaces SET last_activity_at = last_activity_at"));
        broken ??= "I11: a supervisor that was replaced wrote something";
      } catch {
        if (writer.prepare("SELECT total_changes()").pluck().get() !== before) broken ??= "I11: a refused write left something";
      }
      old.crash();
    });
  }

  clock.after(50, people);
  clock.after(3000, nemesis);
  clock.after(30_000, patience);
  const all = (): Execution[] =>
    (writer.prepare("SELECT id FROM executions ORDER BY seq").pluck().all() as string[]).map(
      (id) => findExecution(writer, id) as Execution,
    );
  const quiet = () =>
    !faulty() &&
    up() !== undefined &&
    !writer.inTransaction &&
    processes.every(({ alive }) => !alive) &&
    [...runners.values()].every((runner) => !runner.alive || runner.carries() === 0) &&
    writer.prepare("SELECT 1 FROM tasks WHERE status IN ('todo', 'in_progress')").get() === undefined &&
    writer.prepare("SELECT 1 FROM executions WHERE state <> 'ended'").get() === undefined;
  let checked = 0;
  await clock.run(start + END, () => {
    if (processes.length !== checked) {
      broken ??= twoLiveClis(processes);
      checked = processes.length;
    }
    return broken !== undefined || (clock.events() % 50 === 0 && quiet());
  });
  const executions = all();
  const found =
    broken ?? violation({ db: writer, executions, processes, produced, runners: [...runners.values()], acts, seen: world.seen });
  const applied = executions.filter(({ outcome, salvaged }) => outcome === "finished" && !salvaged).length;
  // Its streams hold real timers, and those would hold everything else.
  up()?.crash();
  writer.close();
  return { violation: found, events: clock.events(), executions: executions.length, applied, crashes, kills };
}
