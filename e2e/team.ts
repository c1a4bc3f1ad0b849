import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "@malamar/proto/malamar/v1/agent_pb";
import type { CreateAgentRequestSchema } from "@malamar/proto/malamar/v1/agent_service_pb";
import type { Execution } from "@malamar/proto/malamar/v1/execution_pb";
import { type Task, TaskStatus, TaskStopping } from "@malamar/proto/malamar/v1/task_pb";
import type { CreateTaskRequestSchema } from "@malamar/proto/malamar/v1/task_service_pb";
import type { Workspace } from "@malamar/proto/malamar/v1/workspace_pb";
import type { CreateWorkspaceRequestSchema } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { eventually } from "./eventually.ts";
import { processOf } from "./processes.ts";
import type { Server } from "./start-malamar.ts";

/** A workspace whose agents follow a scenario, and the questions that journeys ask about it. */
export interface Team {
  workspace: Workspace;
  agents: Agent[];
  agent(name: string): Agent;
  /** What the agent does, one line per turn; see agents/agent.sh. After the last line it skips. */
  plays(name: string, turns: string[]): void;
  /** Lets agents go on that wait for it. */
  open(gate: string): void;
  /** Execution of each turn the agent has begun. */
  turns(name: string): { inner: number; executionId: string }[];
  /** Waits until the agent has begun so many turns; returns the last of them, with its process. */
  turn(name: string, count: number): Promise<{ pid: number; executionId: string }>;
  task(request?: string | MessageInitShape<typeof CreateTaskRequestSchema>): Promise<Task>;
}

let teams = 0;

/** @param agents name → turns; a CLI other than the shell script is given as `name@cli` */
export async function createTeam(
  server: Server,
  agents: Record<string, string[]>,
  settings: MessageInitShape<typeof CreateWorkspaceRequestSchema> & { agent?: MessageInitShape<typeof CreateAgentRequestSchema> } = {},
): Promise<Team> {
  const { agent: agentSettings, ...workspaceSettings } = settings;
  const scenario = join(server.folder, `scenario-${++teams}`);
  mkdirSync(scenario);
  const title = `Team ${teams}`;
  const { workspace } = await server.api.workspaces.createWorkspace({ title, prefix: `T${teams}`, ...workspaceSettings });
  if (workspace === undefined) throw new Error("The answer to createWorkspace holds no workspace.");
  const created: Agent[] = [];
  const plays = (name: string, turns: string[]) =>
    writeFileSync(join(scenario, `${name}.steps`), turns.map((turn) => `${turn}\n`).join(""));
  for (const [key, turns] of Object.entries(agents)) {
    const [name = "", cli = "shell"] = key.split("@");
    plays(name, turns);
    const instruction = `You are ${name}.\n\nScenario: ${scenario}\n`;
    const { agent } = await server.api.agents.createAgent({ workspaceId: workspace.id, name, cli, instruction, ...agentSettings });
    if (agent !== undefined) created.push(agent);
  }
  const team: Team = {
    workspace,
    agents: created,
    agent(name) {
      const agent = created.find((each) => each.name === name);
      if (agent === undefined) throw new Error(`The team has no ${name}.`);
      return agent;
    },
    plays,
    open: (gate) => writeFileSync(join(scenario, gate), ""),
    turns(name) {
      const file = join(scenario, `${name}.turns`);
      if (!existsSync(file)) return [];
      // The last one may be half written.
      const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => ({ inner: Number(line.split(" ")[0]), executionId: line.split(" ")[1] ?? "" }));
    },
    async turn(name, count) {
      const begun = () => team.turns(name)[count - 1];
      const { inner, executionId } = await eventually(`${name} has begun turn ${count}`, begun, { instead: () => team.turns(name) });
      return { pid: processOf(server.dataDir, executionId, inner), executionId };
    },
    async task(request = "Say hello") {
      const given = typeof request === "string" ? { summary: request } : request;
      const { task } = await server.api.tasks.createTask({ workspaceId: workspace.id, summary: "Say hello", ...given });
      if (task === undefined) throw new Error("The answer to createTask holds no task.");
      return task;
    },
  };
  return team;
}

/** The present state of a task. */
export async function read(server: Server, id: string): Promise<Task> {
  const { task } = await server.api.tasks.getTask({ id });
  if (task === undefined) throw new Error("The answer to getTask holds no task.");
  return task;
}

const settled = (task: Task): boolean => task.stopping === TaskStopping.NONE;

export function reaches(server: Server, id: string, status: keyof typeof TaskStatus, timeout?: number): Promise<Task> {
  return becomes(server, id, `the task is ${status}`, (task) => task.status === TaskStatus[status] && settled(task), timeout);
}

export const reachesReview = (server: Server, id: string, timeout?: number): Promise<Task> => reaches(server, id, "IN_REVIEW", timeout);

export function becomes(server: Server, id: string, what: string, holds: (task: Task) => boolean, timeout = 15_000): Promise<Task> {
  const look = async () => {
    const task = await read(server, id);
    return holds(task) && task;
  };
  const instead = async () => ({ task: await read(server, id), comments: await comments(server, id), why: await explain(server, id) });
  return eventually(what, look, { timeout, instead });
}

/** Everything said on a task, first lines, oldest first. */
export async function comments(server: Server, taskId: string): Promise<string[]> {
  const { comments } = await server.api.tasks.listComments({ taskId, pageSize: 200 });
  return comments.map(({ author, content }) => `${author?.name}: ${content.split("\n")[0]}`);
}

export async function executions(server: Server, taskId: string): Promise<Execution[]> {
  const { executions } = await server.api.executions.listExecutions({ taskId, pageSize: 200 });
  return executions.toReversed();
}

export async function explain(server: Server, id: string) {
  const { explanation } = await server.api.tasks.explainTask({ id });
  if (explanation === undefined) throw new Error("The answer to explainTask holds no explanation.");
  return explanation;
}

export async function say(server: Server, taskId: string, content: string): Promise<void> {
  await server.api.tasks.createComment({ taskId, content });
}
