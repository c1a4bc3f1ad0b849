import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ActorSchema, ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import {
  AnswerActionSchema,
  AnswerActionType,
  type Execution,
  ExecutionOutcome,
  ExecutionSchema,
  ExecutionState,
} from "@malamar/proto/malamar/v1/execution_pb";
import { LogLineSchema, LogStream } from "@malamar/proto/malamar/v1/log_pb";
import { type Comment, CommentSchema, type Task, TaskAttention, TaskSchema, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { append, newId, type State, wake } from "./state.ts";

// What agents and the loop would do, done by a test.

export function changeTask(state: State, task: Task, changes: Partial<Task>): Task {
  Object.assign(task, changes, { version: task.version + 1n, updatedAt: timestampFromMs(state.now) });
  const subject = { case: "task" as const, value: clone(TaskSchema, task) };
  append(state, { type: EventType.TASK_CHANGED, workspaceId: task.workspaceId, taskId: task.id, subject });
  return task;
}

export function addComment(state: State, task: Task, author: MessageInitShape<typeof ActorSchema>, content: string): Comment {
  const comment = create(CommentSchema, {
    id: newId("c", state.comments.length),
    taskId: task.id,
    author,
    content,
    count: 1,
    createdAt: timestampFromMs(state.now),
  });
  state.comments.push(comment);
  append(state, {
    type: EventType.COMMENT_CHANGED,
    workspaceId: task.workspaceId,
    taskId: task.id,
    subjectId: comment.id,
    subject: { case: "comment", value: comment },
  });
  const isCalled = author.kind === ActorKind.USER && task.status === TaskStatus.IN_REVIEW;
  changeTask(state, task, {
    commentCount: task.commentCount + 1,
    ...(isCalled && { status: TaskStatus.TODO, attention: TaskAttention.NONE }),
  });
  return comment;
}

/** An agent gets its turn: the execution runs and the task is in progress. */
export function startTurn(state: State, task: Task, agentName: string, passNumber = 1): Execution {
  const execution = create(ExecutionSchema, {
    id: newId("e", state.executions.size),
    workspaceId: task.workspaceId,
    taskId: task.id,
    runNumber: 1,
    passNumber,
    agentName,
    cli: "demo",
    state: ExecutionState.RUNNING,
    leasedAt: timestampFromMs(state.now),
    startedAt: timestampFromMs(state.now),
  });
  state.executions.set(execution.id, execution);
  state.logs.set(execution.id, { lines: [], complete: false });
  changeTask(state, task, { status: TaskStatus.IN_PROGRESS, liveExecutionId: execution.id, runNumber: 1, passNumber });
  executionChanged(state, execution);
  return execution;
}

/** The CLI prints. */
export function printLine(state: State, { id }: Execution, text: string, more: Partial<MessageInitShape<typeof LogLineSchema>> = {}): void {
  const log = state.logs.get(id);
  const number = BigInt((log?.lines.length ?? 0) + 1);
  const time = timestampFromMs(state.now);
  log?.lines.push(create(LogLineSchema, { number, text, time, stream: LogStream.STDOUT, ...omitType(more) }));
  wake(state);
}

/** The turn ends: the agent skipped, commented, or failed. */
export function endTurn(
  state: State,
  task: Task,
  execution: Execution,
  answer: "skip" | { comment: string } | { outcome: ExecutionOutcome; detail: string },
): void {
  const log = state.logs.get(execution.id);
  Object.assign(execution, { state: ExecutionState.ENDED, endedAt: timestampFromMs(state.now), logLines: BigInt(log?.lines.length ?? 0) });
  if (log !== undefined) log.complete = true;
  changeTask(state, task, { liveExecutionId: "" });
  if (answer === "skip") {
    Object.assign(execution, {
      outcome: ExecutionOutcome.FINISHED,
      actions: [create(AnswerActionSchema, { type: AnswerActionType.SKIP })],
    });
  } else if ("comment" in answer) {
    const actions = [create(AnswerActionSchema, { type: AnswerActionType.COMMENT, content: answer.comment })];
    Object.assign(execution, { outcome: ExecutionOutcome.FINISHED, actions });
    addComment(state, task, { kind: ActorKind.AGENT, name: execution.agentName }, answer.comment);
  } else {
    Object.assign(execution, { outcome: answer.outcome, outcomeDetail: answer.detail });
  }
  executionChanged(state, execution);
}

/** A person deletes it and its processes are dead. */
export function deleteTask(state: State, { id, workspaceId }: Task): void {
  state.tasks.delete(id);
  append(state, { type: EventType.TASK_DELETED, workspaceId, taskId: id });
}

export function toReview(state: State, task: Task, attention: TaskAttention, attentionDetail = ""): void {
  changeTask(state, task, { status: TaskStatus.IN_REVIEW, attention, attentionDetail });
}

function executionChanged(state: State, execution: Execution): void {
  append(state, {
    type: EventType.EXECUTION_CHANGED,
    workspaceId: execution.workspaceId,
    taskId: execution.taskId,
    subjectId: execution.id,
    subject: { case: "execution", value: clone(ExecutionSchema, execution) },
  });
}

function omitType<T extends { $typeName?: unknown }>({ $typeName: _type, ...rest }: T): Omit<T, "$typeName"> {
  return rest;
}
