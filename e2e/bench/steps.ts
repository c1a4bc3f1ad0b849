// Figures 1 and 2: what a step costs through supervisor and runner, one after the other and eight at a time.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Execution, ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { eventually } from "../eventually.ts";
import { type Server, startMalamar } from "../start-malamar.ts";
import type { Floor } from "./floor.ts";
import { cpuOf } from "./numbers.ts";

const AGENTS = 4;

export interface Lane {
  id: string;
  /** Tasks it has worked off. */
  tasks: number;
}

export interface Bench {
  server: Server;
  /** The same command for the floor. */
  command: string[];
  lane(): Promise<Lane>;
}

export interface Measured {
  /** From the first lease to the last recorded end, milliseconds. */
  wall: number;
  steps: number;
  /** Per step, on average, milliseconds. */
  parts: { leasedToStarted: number; startedToRecorded: number; recordedToNext: number };
  /** Per step, milliseconds on a processor. */
  cpu: { supervisor: number; runners: number };
}

/** What a guarded launch costs by itself: a PID namespace that dies with whoever started it. Only root has one without more. */
export const GUARDED = "setpriv --pdeathsig KILL -- unshare --pid --fork --mount-proc --propagation slave --kill-child --".split(" ");

/** A server as a person has it, but for its CLI, which does nothing but answer, and plain launches unless said otherwise. */
export async function openBench(config: Record<string, unknown> = {}): Promise<Bench> {
  const server = await startMalamar({ started: false });
  const answer = join(server.folder, "answer.json");
  writeFileSync(answer, '{"actions":[{"type":"skip"}]}');
  const file = {
    port: server.port,
    logFormat: "json",
    sample: false,
    containment: "L0",
    ...config,
    clis: { copy: { command: ["/bin/cp", answer, "{output}"] } },
  };
  writeFileSync(server.configFile, JSON.stringify(file));
  await server.start();
  // As in an execution, each answer is a new file.
  const answers = join(server.folder, "answers");
  mkdirSync(answers);
  return {
    server,
    command: ["/bin/cp", answer, join(answers, "{n}.json")],
    async lane() {
      const { workspace } = await server.api.workspaces.createWorkspace({ title: "Bench" });
      const workspaceId = workspace?.id ?? "";
      for (let agent = 1; agent <= AGENTS; agent++) {
        await server.api.agents.createAgent({ workspaceId, name: `Agent ${agent}`, instruction: "Do nothing.", cli: "copy" });
      }
      return { id: workspaceId, tasks: 0 };
    },
  };
}

/** Lets each lane work off so many tasks, with nobody asking meanwhile, and reads from the executions how long it took. */
export async function measureSteps({ server }: Bench, lanes: Lane[], tasks: number): Promise<Measured> {
  const pause = (paused: boolean) =>
    Promise.all(
      lanes.map(({ id }) => server.api.workspaces.updateWorkspace({ workspace: { id, paused }, updateMask: { paths: ["paused"] } })),
    );
  await pause(true);
  for (const lane of lanes) {
    for (let task = 0; task < tasks; task++) await server.api.tasks.createTask({ workspaceId: lane.id, summary: `Task ${task}` });
    lane.tasks += tasks;
  }
  const runners = async () =>
    ((await server.api.system.getSystem({})).system?.runners ?? []).map(({ pid }) => pid).filter((pid) => pid > 0);
  const pids = await runners();
  const cpuBefore = { supervisor: cpuOf(server.pid()), runners: pids.reduce((sum, pid) => sum + cpuOf(pid), 0) };
  await pause(false);
  for (const lane of lanes) {
    const finished = async () => (await server.api.workspaces.getWorkspace({ id: lane.id })).workspace?.taskCounts?.inReview === lane.tasks;
    await eventually("all tasks are in review", finished, { timeout: 60_000, every: 50 });
  }
  const cpu = {
    supervisor: cpuOf(server.pid()) - cpuBefore.supervisor,
    runners: pids.reduce((sum, pid) => sum + cpuOf(pid), 0) - cpuBefore.runners,
  };
  const executions = (await Promise.all(lanes.map((lane) => newest(server, lane.id, tasks * AGENTS)))).map((each) => check(each, tasks));
  const all = executions.flat();
  const from = Math.min(...all.map(({ leasedAt }) => millis(leasedAt)));
  const to = Math.max(...all.map(({ endedAt }) => millis(endedAt)));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    wall: to - from,
    steps: all.length,
    parts: {
      leasedToStarted: mean(all.map(({ leasedAt, startedAt }) => millis(startedAt) - millis(leasedAt))),
      startedToRecorded: mean(all.map(({ startedAt, endedAt }) => millis(endedAt) - millis(startedAt))),
      recordedToNext: mean(
        executions.flatMap((lane) => lane.slice(1).map(({ leasedAt }, at) => millis(leasedAt) - millis(lane[at]?.endedAt))),
      ),
    },
    cpu: { supervisor: cpu.supervisor / all.length, runners: cpu.runners / all.length },
  };
}

/** One step alone, as a client sees it: create the task, hear that it is in review. Milliseconds of each. */
export async function measureAlone(floor: Floor, { server, command }: Bench, count: number) {
  const { workspace } = await server.api.workspaces.createWorkspace({ title: "Alone" });
  const workspaceId = workspace?.id ?? "";
  await server.api.agents.createAgent({ workspaceId, name: "Agent", cli: "copy" });
  const heard = new Map<string, () => void>();
  const abort = new AbortController();
  const stream = (async () => {
    for await (const { message } of server.api.events.watchEvents({ workspaceId }, { signal: abort.signal })) {
      if (message.case !== "batch") continue;
      for (const { subject } of message.value.events)
        if (subject.case === "task" && subject.value.status === 3) heard.get(subject.value.id)?.();
    }
  })().catch(() => {});
  const times: number[] = [];
  const floors: number[] = [];
  for (let round = -3; round < count; round++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const since = performance.now();
    const { task } = await server.api.tasks.createTask({ workspaceId, summary: "Alone" });
    heard.set(task?.id ?? "", resolve);
    if ((await server.api.tasks.getTask({ id: task?.id ?? "" })).task?.status === 3) resolve();
    await promise;
    const took = performance.now() - since;
    const [bare = 0] = (await floor.spawns({ command, count: 1, inFlight: 1 })).times;
    if (round < 0) continue;
    times.push(took);
    floors.push(bare);
  }
  abort.abort();
  await stream;
  return { times, floors };
}

async function newest(server: Server, workspaceId: string, count: number): Promise<Execution[]> {
  const found: Execution[] = [];
  for (let pageToken = ""; found.length < count;) {
    const page = await server.api.executions.listExecutions({ workspaceId, pageSize: 200, pageToken });
    found.push(...page.executions);
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  return found.slice(0, count).toReversed();
}

/** Nothing is measured that was not done: every task by every agent, once, finished, in order. */
function check(executions: Execution[], tasks: number): Execution[] {
  const steps = new Set(executions.map(({ taskId, agentId }) => `${taskId} ${agentId}`));
  const right = executions.length === tasks * AGENTS && steps.size === executions.length;
  if (!right || executions.some(({ outcome }) => outcome !== ExecutionOutcome.FINISHED)) {
    throw new Error(`Steps were lost or failed: ${executions.length} of ${tasks * AGENTS}, ${steps.size} different ones.`);
  }
  return executions;
}

function millis(time: { seconds: bigint; nanos: number } | undefined): number {
  return Number(time?.seconds ?? 0n) * 1000 + (time?.nanos ?? 0) / 1e6;
}
