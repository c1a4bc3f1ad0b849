import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import { ActorSchema } from "@malamar/proto/malamar/v1/actor_pb";
import { AgentSchema, type Agent as WireAgent } from "@malamar/proto/malamar/v1/agent_pb";
import {
  AnswerActionSchema,
  ExecutionSchema,
  type AnswerAction,
  type Execution as WireExecution,
} from "@malamar/proto/malamar/v1/execution_pb";
import { LogUsageSchema, type LogUsage } from "@malamar/proto/malamar/v1/log_pb";
import { PauseSchema, type Pause as WirePause } from "@malamar/proto/malamar/v1/system_service_pb";
import {
  ActivitySchema,
  CommentSchema,
  TaskSchema,
  type Activity as WireActivity,
  type Comment as WireComment,
  type Task as WireTask,
} from "@malamar/proto/malamar/v1/task_pb";
import { ExplanationSchema, type Explanation as WireExplanation } from "@malamar/proto/malamar/v1/task_service_pb";
import {
  TimeLimitsSchema,
  WorkspaceSchema,
  type TimeLimits as WireLimits,
  type Workspace as WireWorkspace,
} from "@malamar/proto/malamar/v1/workspace_pb";
import type { Agent } from "#agents/agent.ts";
import type { Action, Execution, Usage } from "#executions/execution.ts";
import type { Pause } from "#loop/pause-table.ts";
import type { Explanation } from "#schedule/explanation.ts";
import type { Activity } from "#tasks/activity.ts";
import type { Actor, Comment } from "#tasks/comment.ts";
import { taskKey, type Task } from "#tasks/task.ts";
import type { TimeLimits, Workspace } from "#workspaces/workspace.ts";
import * as words from "./wire-words.ts";

export function encodeWorkspace(workspace: Workspace): WireWorkspace {
  const { todo, in_progress: inProgress, in_review: inReview, done } = workspace.counts;
  return create(WorkspaceSchema, {
    id: workspace.id,
    title: workspace.title,
    description: workspace.description,
    prefix: workspace.prefix,
    directoryMode: words.DIRECTORY_MODE[workspace.directoryMode],
    directoryPath: workspace.directoryPath,
    queueOrder: words.QUEUE_ORDER[workspace.queueOrder],
    breakerLimit: workspace.breakerLimit,
    paused: workspace.paused,
    limits: encodeLimits(workspace.limits),
    taskCounts: { todo, inProgress, inReview, done },
    version: BigInt(workspace.version),
    createdAt: time(workspace.createdAt),
    updatedAt: time(workspace.updatedAt),
    lastActivityAt: time(workspace.lastActivityAt),
  });
}

export function encodeAgent(agent: Agent): WireAgent {
  return create(AgentSchema, {
    id: agent.id,
    workspaceId: agent.workspaceId,
    name: agent.name,
    instruction: agent.instruction,
    cli: agent.cli,
    model: agent.model,
    enabled: agent.enabled,
    position: agent.position,
    limits: encodeLimits(agent.limits),
    version: BigInt(agent.version),
    createdAt: time(agent.createdAt),
    updatedAt: time(agent.updatedAt),
  });
}

/** @param liveExecutionId of the execution that has not ended; "" = none */
export function encodeTask(task: Task, liveExecutionId: string): WireTask {
  return create(TaskSchema, {
    id: task.id,
    workspaceId: task.workspaceId,
    key: taskKey(task),
    number: task.number,
    summary: task.summary,
    description: task.description,
    status: words.TASK_STATUS[task.status],
    kind: task.kind,
    priority: words.PRIORITY[task.priority],
    pinned: task.pinned,
    hold: words.HOLD[task.hold],
    attention: words.ATTENTION[task.attention],
    attentionDetail: task.attentionDetail,
    resolution: words.RESOLUTION[task.resolution],
    stopping: words.STOPPING[task.stopping],
    liveExecutionId,
    runNumber: task.runCount,
    passNumber: task.passNumber,
    commentCount: task.commentCount,
    version: BigInt(task.version),
    createdAt: time(task.createdAt),
    updatedAt: time(task.updatedAt),
    doneAt: time(task.doneAt),
  });
}

export function encodeComment(comment: Comment): WireComment {
  return create(CommentSchema, {
    id: comment.id,
    taskId: comment.taskId,
    author: encodeActor(comment.author),
    content: comment.content,
    executionId: comment.executionId ?? "",
    count: comment.repeats,
    createdAt: time(comment.createdAt),
    updatedAt: time(comment.updatedAt),
  });
}

export function encodeActivity(activity: Activity): WireActivity {
  return create(ActivitySchema, {
    sequence: BigInt(activity.seq),
    taskId: activity.taskId,
    kind: words.ACTIVITY_KIND[activity.kind],
    actor: encodeActor(activity.actor),
    detail: activity.detail,
    createdAt: time(activity.createdAt),
  });
}

export function encodeExecution(execution: Execution): WireExecution {
  return create(ExecutionSchema, {
    id: execution.id,
    workspaceId: execution.workspaceId,
    taskId: execution.taskId,
    runNumber: execution.runNumber,
    passNumber: execution.passNumber,
    agentId: execution.agentId,
    agentName: execution.agentName,
    cli: execution.cli,
    model: execution.model,
    state: words.EXECUTION_STATE[execution.state],
    outcome: words.OUTCOME[execution.outcome],
    outcomeDetail: execution.outcomeDetail,
    exitCode: execution.exitCode ?? undefined,
    signal: execution.signal,
    // A salvaged answer is evidence that changed nothing, not what the agent answered.
    actions: execution.outcome === "finished" && !execution.salvaged ? execution.actions.map(encodeAction) : [],
    containment: words.CONTAINMENT[execution.containment],
    pid: execution.pid,
    logLines: BigInt(execution.logLines),
    logBytes: BigInt(execution.logBytes),
    logTruncated: execution.logTruncated,
    usage: encodeUsage(execution.usage),
    silent: execution.silent,
    leasedAt: time(execution.leasedAt),
    startedAt: time(execution.startedAt),
    endedAt: time(execution.endedAt),
  });
}

export function encodeExplanation(explanation: Explanation): WireExplanation {
  return create(ExplanationSchema, {
    reason: words.WAIT_REASON[explanation.reason],
    sentence: explanation.sentence,
    since: time(explanation.since),
    until: time(explanation.until),
    blockingTaskId: explanation.blockingTaskId,
    queuePosition: explanation.queuePosition,
  });
}

/** A pause of the table, or one of the whole machine, of which nobody knows when it ends. */
export type ShownPause = Pick<Pause, "cause" | "detail" | "since" | "resourceId"> & {
  resource: Pause["resource"] | "machine";
  until: number | null;
};

export function encodePause(pause: ShownPause): WirePause {
  const { resource, resourceId, cause, detail, since, until } = pause;
  return create(PauseSchema, { resource, resourceId, cause: words.OUTCOME[cause], detail, since: time(since), until: time(until) });
}

/** A time of Unix milliseconds; what has not happened has none. */
export function time(milliseconds: number | null): Timestamp | undefined {
  return milliseconds === null ? undefined : timestampFromMs(milliseconds);
}

function encodeLimits({ timeLimit, silenceWarning, silenceLimit }: TimeLimits): WireLimits {
  const duration = (value: number | null): Duration | undefined => (value === null ? undefined : durationFromMs(value));
  return create(TimeLimitsSchema, {
    timeLimit: duration(timeLimit),
    silenceWarning: duration(silenceWarning),
    silenceLimit: duration(silenceLimit),
  });
}

function encodeActor({ kind, id, name }: Actor) {
  return create(ActorSchema, { kind: words.ACTOR_KIND[kind], id, name });
}

function encodeAction(action: Action): AnswerAction {
  const content = action.type === "comment" ? action.content : action.type === "note" ? action.text : "";
  const reason = action.type === "change_status" ? (action.reason ?? "") : "";
  return create(AnswerActionSchema, { type: words.ACTION_TYPE[action.type], content, reason });
}

/** Nothing known is no usage, since a zero would be a figure. */
function encodeUsage({ inputTokens, outputTokens, cachedTokens, cost }: Usage): LogUsage | undefined {
  if ([inputTokens, outputTokens, cachedTokens, cost].every((figure) => figure === null)) return undefined;
  const count = (figure: number | null) => (figure === null ? undefined : BigInt(figure));
  return create(LogUsageSchema, {
    inputTokens: count(inputTokens),
    outputTokens: count(outputTokens),
    cachedTokens: count(cachedTokens),
    cost: cost ?? undefined,
  });
}
