import { create } from "@bufbuild/protobuf";
import { AgentSchema } from "@malamar/proto/malamar/v1/agent_pb";
import { AgentService } from "@malamar/proto/malamar/v1/agent_service_pb";
import { TaskHold, TaskSchema, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { WorkspaceSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import { WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";
import { databaseFiles, trace } from "./strace.ts";
import { CALLS, contents, type KillPoint, killPoints, snapshot, some } from "./sweep.ts";

interface Place {
  server: Server;
  workspaceId: string;
  agentIds: string[];
  /** A draft, one that waits, one that is done. */
  draft: string;
  waiting: string;
  done: string;
}

type Act = (place: Place) => Promise<unknown>;

/** Every call that changes something; one that the schema has and this table has not fails the fault. */
const ACTS: Record<string, Act> = {
  createWorkspace: ({ server }) => server.api.workspaces.createWorkspace({ title: "Fresh", prefix: "FRE", idempotencyKey: "a workspace" }),
  updateWorkspace: ({ server, workspaceId }) =>
    server.api.workspaces.updateWorkspace({
      workspace: create(WorkspaceSchema, { id: workspaceId, title: "Other" }),
      updateMask: { paths: ["title"] },
    }),
  deleteWorkspace: ({ server, workspaceId }) => server.api.workspaces.deleteWorkspace({ id: workspaceId }),
  createAgent: ({ server, workspaceId }) =>
    server.api.agents.createAgent({ workspaceId, name: "Third", cli: "shell", instruction: "Be.", idempotencyKey: "an agent" }),
  updateAgent: ({ server, agentIds }) =>
    server.api.agents.updateAgent({
      agent: create(AgentSchema, { id: agentIds[0] as string, name: "Renamed" }),
      updateMask: { paths: ["name"] },
    }),
  deleteAgent: ({ server, agentIds }) => server.api.agents.deleteAgent({ id: agentIds[0] as string }),
  reorderAgents: ({ server, workspaceId, agentIds }) => server.api.agents.reorderAgents({ workspaceId, agentIds: agentIds.toReversed() }),
  createTask: ({ server, workspaceId }) =>
    server.api.tasks.createTask({ workspaceId, summary: "Fresh", description: "x".repeat(20_000), idempotencyKey: "a task" }),
  updateTask: ({ server, draft }) =>
    server.api.tasks.updateTask({
      task: create(TaskSchema, { id: draft, summary: "Other", hold: TaskHold.NONE }),
      updateMask: { paths: ["summary", "hold"] },
    }),
  deleteTask: ({ server, waiting }) => server.api.tasks.deleteTask({ id: waiting }),
  moveTask: ({ server, waiting }) => server.api.tasks.moveTask({ id: waiting, status: TaskStatus.DONE }),
  cancelTask: ({ server, waiting }) => server.api.tasks.cancelTask({ id: waiting }),
  restartTask: ({ server, waiting }) => server.api.tasks.restartTask({ id: waiting }),
  prioritiseTask: ({ server, waiting }) => server.api.tasks.prioritiseTask({ id: waiting, pinned: true }),
  createComment: ({ server, done }) =>
    server.api.tasks.createComment({ taskId: done, content: "x".repeat(30_000), idempotencyKey: "a comment" }),
};

export default {
  id: "A1",
  title: "kill -9 of the supervisor at any write of any call: what was acknowledged is there, nothing is there by half",
  needs: ["strace"],
  async run(context) {
    const changing = [WorkspaceService, AgentService, TaskService].flatMap(({ methods }) =>
      methods.filter(({ name }) => !/^(Get|List|Explain)/.test(name)).map(({ localName }) => localName),
    );
    expectEqual("calls in the table", Object.keys(ACTS).toSorted(), changing.toSorted());
    const server = await context.startMalamar({ config: { warmSpare: false } });
    const place = await furnish(server);
    await server.stop("SIGINT");
    const template = snapshot(server.dataDir, `${context.folder}/template`);
    const before = contents(context, server.dataDir).rows;
    for (const [name, act] of Object.entries(ACTS)) await sweep(context, { name, act, place, before, template });
    template.restore();
  },
} satisfies Fault;

/** A workspace at rest, so that nothing happens but the call. */
async function furnish(server: Server): Promise<Place> {
  const { workspace } = await server.api.workspaces.createWorkspace({ title: "Here", prefix: "HER" });
  const workspaceId = workspace?.id ?? "";
  await server.api.workspaces.updateWorkspace({
    workspace: create(WorkspaceSchema, { id: workspaceId, paused: true }),
    updateMask: { paths: ["paused"] },
  });
  const agentIds: string[] = [];
  for (const name of ["First", "Second"]) {
    const { agent } = await server.api.agents.createAgent({ workspaceId, name, cli: "shell", instruction: "Be." });
    agentIds.push(agent?.id ?? "");
  }
  const task = async (summary: string, hold?: TaskHold) =>
    (await server.api.tasks.createTask({ workspaceId, summary, ...(hold && { hold }) })).task?.id ?? "";
  const place = {
    server,
    workspaceId,
    agentIds,
    draft: await task("draft", TaskHold.DRAFT),
    waiting: await task("waits"),
    done: await task("done"),
  };
  await server.api.tasks.moveTask({ id: place.done, status: TaskStatus.DONE });
  for (const id of [place.waiting, place.done]) await server.api.tasks.createComment({ taskId: id, content: "Said before." });
  return place;
}

interface Sweep {
  name: string;
  act: Act;
  place: Place;
  before: string[];
  template: { restore(): void };
}

async function sweep(context: FaultContext, { name, act, place, before, template }: Sweep): Promise<void> {
  const undisturbed = await play(context, { act, place, template });
  if (undisturbed.answer instanceof Error && name !== "cancelTask" && name !== "restartTask") throw undisturbed.answer;
  const after = undisturbed.rows;
  const points = some(context, undisturbed.points, 1);
  for (const point of points) {
    const what = `${name}, killed at ${point.call} ${point.count} of the ${point.during}`;
    const { answer, rows, check } = await play(context, { act, place, template, point });
    context.count("kill points");
    expectEqual(`check after ${what}`, check, "ok");
    const acked = !(answer instanceof Error);
    const applied = same(rows, after);
    if (acked && !applied) throw new Error(`lost: ${what}, although it was acknowledged. ${difference(rows, after)}`);
    if (!applied && !same(rows, before)) throw new Error(`half applied: ${what}. ${difference(rows, after)}`);

    // The next start works with what it finds; whoever got no answer asks again, and it is done once.
    await place.server.start();
    const again = acked ? answer : await act(place).catch((error: unknown) => error);
    await place.server.stop("SIGKILL");
    const end = contents(context, place.server.dataDir);
    const expected = name.startsWith("create") || !applied || acked ? after : end.rows;
    if (!same(end.rows, expected)) throw new Error(`asked again after ${what}: ${difference(end.rows, expected)} ${String(again)}`);
  }
  context.log(`${name}: ${points.length} of ${undisturbed.points.length} points`);
}

/** One life: start, the call, and a death at a point or, when there is none, at rest. */
async function play(
  context: FaultContext,
  { act, place, template, point }: Pick<Sweep, "act" | "place" | "template"> & { point?: KillPoint },
): Promise<{ answer: unknown; rows: string[]; check: string; points: KillPoint[] }> {
  const { server } = place;
  template.restore();
  await server.start();
  const pid = server.pid();
  const hold = () =>
    trace(context, pid, {
      calls: point?.call ?? CALLS.join(","),
      files: [...databaseFiles(server.dataDir), server.dataDir],
      ...(point && { inject: `${point.call}:signal=KILL:when=${point.count}` }),
    });
  // The checkpoint begins half a second after the commit.
  const early = point?.during === "checkpoint" ? undefined : await hold();
  const answer = await act(place).catch((error: unknown) => error as Error);
  const tracing = early ?? (await hold());
  for (const end = performance.now() + 900; performance.now() < end && isAlive(pid);) await sleep(20);
  if (point !== undefined) expectTrue(`it died at ${point.call} ${point.count} of the ${point.during}`, !isAlive(pid));
  const points = killPoints(tracing.calls(), pid);
  await server.stop("SIGKILL");
  await tracing.detach();
  return { answer, points, ...contents(context, server.dataDir) };
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((row, index) => row === b[index]);

function difference(found: readonly string[], expected: readonly string[]): string {
  const missing = expected.filter((row) => !found.includes(row));
  const more = found.filter((row) => !expected.includes(row));
  return `missing: ${missing.slice(0, 3).join(" | ") || "nothing"}; too much: ${more.slice(0, 3).join(" | ") || "nothing"}`.slice(0, 1500);
}
