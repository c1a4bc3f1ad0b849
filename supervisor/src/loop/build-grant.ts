import { findAgent, agentsInOrder } from "#agents/agent-table.ts";
import type { Agent } from "#agents/agent.ts";
import type { Cli } from "#config/cli.ts";
import { must } from "#errors/must.ts";
import { ANSWER_SCHEMA } from "#executions/answer.ts";
import type { Execution } from "#executions/execution.ts";
import type { Grant, StepInput } from "#executions/grant.ts";
import type { Db } from "#store/open-db.ts";
import { countActivities, newestActivityLines } from "#tasks/activity-table.ts";
import { newestComments } from "#tasks/comment-table.ts";
import type { Comment } from "#tasks/comment.ts";
import { findTask } from "#tasks/task-table.ts";
import { type Task, taskKey } from "#tasks/task.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import type { TimeLimits, Workspace } from "#workspaces/workspace.ts";
import { newestNotes } from "./note-table.ts";
import { findRun } from "./run-table.ts";
import type { Run } from "./run.ts";
import { whyNow } from "./why-now.ts";

/** Settings of the installation that an order needs. Milliseconds and bytes. */
export interface GrantSettings {
  clis: readonly Cli[];
  timeLimits: { timeLimit: number; silenceWarning: number; silenceLimit: number };
  logCap: number;
  stopGrace: number;
  finishGrace: number;
}

/** History that an order carries at most; what is older is counted and said. */
const MOST_COMMENTS = 1000;
const MOST_ACTIVITIES = 200;
const MOST_NOTES = 5;
const NOTE_LENGTH = 500;

const ANSWER_SCHEMA_TEXT = JSON.stringify(ANSWER_SCHEMA);

/** The order for an execution that was leased, from the present state; built again when a runner asks for it a second time. */
export function buildGrant(db: Db, execution: Execution, settings: GrantSettings): Grant {
  const workspace = must(findWorkspace(db, execution.workspaceId), "A leased execution's workspace is gone.");
  const task = must(findTask(db, execution.taskId), "A leased execution's task is gone.");
  const run = must(findRun(db, execution.runId), "A leased execution's run is gone.");
  const agent = findAgent(db, execution.agentId);
  const cli = settings.clis.find((known) => known.name === execution.cli);
  const limits = [agent?.limits, workspace.limits];
  return {
    requestId: execution.requestId,
    executionId: execution.id,
    fence: execution.fence,
    workspaceId: workspace.id,
    taskId: task.id,
    directoryMode: workspace.directoryMode,
    directoryPath: workspace.directoryPath,
    input: stepInput(db, { workspace, task, run, agent, execution }),
    cli: { name: execution.cli, model: execution.model, custom: cli?.custom ?? null },
    limits: {
      timeLimit: narrowest(limits, "timeLimit") ?? settings.timeLimits.timeLimit,
      silenceWarning: narrowest(limits, "silenceWarning") ?? settings.timeLimits.silenceWarning,
      silenceLimit: narrowest(limits, "silenceLimit") ?? settings.timeLimits.silenceLimit,
      logCap: settings.logCap,
      stopGrace: settings.stopGrace,
      finishGrace: settings.finishGrace,
    },
  };
}

/** The setting nearest to the execution: the agent's, else the workspace's. */
function narrowest(limits: readonly (TimeLimits | undefined)[], field: keyof TimeLimits): number | undefined {
  for (const level of limits) {
    const value = level?.[field];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

interface Scene {
  workspace: Workspace;
  task: Task;
  run: Run;
  agent: Agent | undefined;
  execution: Execution;
}

function stepInput(db: Db, { workspace, task, run, agent, execution }: Scene): StepInput {
  const comments = newestComments(db, task.id, MOST_COMMENTS);
  const activities = newestActivityLines(db, task.id, MOST_ACTIVITIES);
  return {
    workspaceTitle: workspace.title,
    workspaceInstruction: workspace.description,
    agentId: execution.agentId,
    agentName: execution.agentName,
    agentInstruction: agent?.instruction ?? "",
    otherAgents: agentsInOrder(db, workspace.id)
      .filter((other) => other.enabled && other.id !== execution.agentId)
      .map((other) => other.name),
    runNumber: execution.runNumber,
    passNumber: execution.passNumber,
    reason: whyNow(run),
    taskKey: taskKey(task),
    taskSummary: task.summary,
    taskDescription: task.description,
    taskKind: task.kind,
    notes: newestNotes(db, task.id, MOST_NOTES).map((note) => `${note.agentName}: ${shorten(note.text, NOTE_LENGTH)}`),
    comments: comments.map(commentLine),
    activities,
    commentsLeftOut: Math.max(0, task.commentCount - comments.length),
    activitiesLeftOut: activities.length < MOST_ACTIVITIES ? 0 : countActivities(db, task.id) - activities.length,
    answerSchema: ANSWER_SCHEMA_TEXT,
  };
}

/** One JSON object a line, so that no comment can break the file. */
function commentLine({ author, content, repeats, createdAt }: Comment): string {
  const said = {
    author: author.name,
    author_kind: author.kind,
    author_id: author.id,
    content,
    created_at: new Date(createdAt).toISOString(),
  };
  return JSON.stringify(repeats > 1 ? { ...said, repeats } : said);
}

function shorten(text: string, characters: number): string {
  const all = Array.from(text);
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}
