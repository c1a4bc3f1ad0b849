import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { AnswerActionType, type Execution, ExecutionOutcome, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { eventually } from "#eventually.ts";
import { executionProcesses, runnerProcesses } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import type { Fault, FaultContext } from "../fault.ts";

const WORKSPACES = 3;
const AGENTS = 3;

export default {
  id: "B1",
  title: "kill -9 of supervisor, runner or CLI at any moment: every answer counts once, every comment is heard, nothing is left running",
  async run(context) {
    const cycles = context.short ? 40 : 1000;
    const agent = join(import.meta.dirname, "ledger-agent.sh");
    const ledger = { title: "Ledger", command: ["/bin/sh", agent, "{output}", "{execution_id}", context.folder] };
    const server = await context.startMalamar({ config: { clis: { ledger } } });
    const workspaces = await Promise.all(Array.from({ length: WORKSPACES }, (_each, at) => team(server, at)));
    const said: { taskId: string; content: string }[] = [];
    const tasks: string[] = [];
    for (let cycle = 0; cycle < cycles; cycle++) {
      await speak(context, server, workspaces, tasks, said);
      await sleep(context.random() * 250);
      await strike(context, server);
    }
    await settle(server, tasks, context);
    const { lost, doubled } = await audit(server, tasks, said);
    const overlaps = lines(context).filter((line) => line.startsWith("overlap"));
    const orphans = executionProcesses(server.dataDir);
    context.count("kill -9 cycles", cycles);
    context.count("lost", lost.length);
    context.count("doubled", doubled.length);
    context.count("orphans", orphans.length);
    const found = { lost, doubled, overlaps, orphans };
    if (Object.values(found).some((list) => list.length > 0)) throw new Error(JSON.stringify(found, null, 1).slice(0, 4000));
  },
} satisfies Fault;

async function team(server: Server, at: number): Promise<string> {
  const { workspace } = await server.api.workspaces.createWorkspace({ title: `Workspace ${at}`, prefix: `K${at}`, breakerLimit: 0 });
  const workspaceId = workspace?.id ?? "";
  for (let agent = 1; agent <= AGENTS; agent++) await server.api.agents.createAgent({ workspaceId, name: `Agent ${agent}`, cli: "ledger" });
  return workspaceId;
}

/** A person creates a task or says something. Only what was acknowledged counts. */
async function speak(
  context: FaultContext,
  server: Server,
  workspaces: string[],
  tasks: string[],
  said: { taskId: string; content: string }[],
) {
  const workspaceId = workspaces[Math.floor(context.random() * workspaces.length)] ?? "";
  const taskId = tasks[Math.floor(context.random() * tasks.length)];
  try {
    if (taskId === undefined || tasks.length < 6 || context.random() < 0.1) {
      const { task } = await server.api.tasks.createTask({ workspaceId, summary: `Task ${tasks.length}` });
      if (task !== undefined) tasks.push(task.id);
    } else {
      const content = `said ${said.length}`;
      await server.api.tasks.createComment({ taskId, content });
      said.push({ taskId, content });
    }
  } catch {
    // The supervisor is away: nothing was acknowledged.
  }
}

async function strike(context: FaultContext, server: Server): Promise<void> {
  const roll = context.random();
  const victims = roll < 0.35 ? [] : roll < 0.7 ? runnerProcesses(server.dataDir) : executionProcesses(server.dataDir);
  if (victims.length > 0) {
    const victim = victims[Math.floor(context.random() * victims.length)];
    try {
      if (victim !== undefined) process.kill(victim.pid, "SIGKILL");
      context.count(roll < 0.7 ? "runners killed" : "CLIs killed");
    } catch {
      // It ended by itself in this moment.
    }
    return;
  }
  await server.stop("SIGKILL");
  context.count("supervisors killed");
  await sleep(context.random() * 300);
  await server.start();
}

async function settle(server: Server, tasks: readonly string[], context: FaultContext): Promise<void> {
  await eventually(
    "every task is in review",
    async () => {
      for (const id of tasks) {
        const { task } = await server.api.tasks.getTask({ id });
        if (task?.status !== TaskStatus.IN_REVIEW) return false;
      }
      return true;
    },
    { timeout: context.short ? 120_000 : 600_000 },
  );
  await eventually("no CLI is left", () => executionProcesses(server.dataDir).length === 0, { timeout: 15_000 });
}

/** Compares what Malamar says with what people were told and what agents answered. */
async function audit(server: Server, tasks: readonly string[], said: readonly { taskId: string; content: string }[]) {
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const id of tasks) {
    const comments = await everyComment(server, id);
    const count = (content: string) => comments.filter((each) => each === content).length;
    for (const { content } of said.filter(({ taskId }) => taskId === id)) {
      if (count(`user ${content}`) === 0) lost.push(content);
      if (count(`user ${content}`) > 1) doubled.push(content);
    }
    for (const execution of await everyExecution(server, id)) {
      if (execution.state !== ExecutionState.ENDED) lost.push(`${execution.id} never ended`);
      const applied = execution.outcome === ExecutionOutcome.FINISHED;
      const spoke = applied && execution.actions.some(({ type }) => type === AnswerActionType.COMMENT);
      const found = count(`agent ${execution.id}`);
      if (found < Number(spoke)) lost.push(`the answer of ${execution.id}`);
      if (found > Number(spoke)) doubled.push(`the answer of ${execution.id}`);
    }
  }
  return { lost, doubled };
}

async function everyComment(server: Server, taskId: string): Promise<string[]> {
  const found: string[] = [];
  for (let pageToken = ""; ;) {
    const page = await server.api.tasks.listComments({ taskId, pageSize: 200, pageToken });
    found.push(...page.comments.map(({ author, content }) => `${author?.kind === ActorKind.USER ? "user" : "agent"} ${content}`));
    if (page.nextPageToken === "") return found;
    pageToken = page.nextPageToken;
  }
}

async function everyExecution(server: Server, taskId: string): Promise<Execution[]> {
  const found: Execution[] = [];
  for (let pageToken = ""; ;) {
    const page = await server.api.executions.listExecutions({ taskId, pageSize: 200, pageToken });
    found.push(...page.executions);
    if (page.nextPageToken === "") return found;
    pageToken = page.nextPageToken;
  }
}

function lines({ folder }: FaultContext): string[] {
  return readFileSync(join(folder, "ledger"), "utf8").split("\n");
}
