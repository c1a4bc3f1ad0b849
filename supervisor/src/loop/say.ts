import { appendEvent } from "#events/event-table.ts";
import type { Action, Execution } from "#executions/execution.ts";
import { appendActivity } from "#tasks/activity-table.ts";
import { findComment, insertComment, repeatComment } from "#tasks/comment-table.ts";
import { type Actor, SYSTEM } from "#tasks/comment.ts";
import type { Task } from "#tasks/task.ts";
import { saveTask } from "#tasks/transition.ts";
import type { LoopContext } from "./deps.ts";
import { insertNote } from "./note-table.ts";

interface Said {
  id: string;
  author: Actor;
  content: string;
  executionId: string | null;
  ordinal: number | null;
}

/** Writes a comment with its activity and event. @returns the event's sequence number */
export function say({ db, now }: Pick<LoopContext, "db" | "now">, task: Task, said: Said): number {
  insertComment(db, { ...said, taskId: task.id, repeats: 1, createdAt: now, updatedAt: now });
  appendActivity(db, task.id, "comment_added", said.author, { comment: said.id }, now);
  return appendEvent(db, { type: "comment_changed", workspaceId: task.workspaceId, taskId: task.id, subjectId: said.id }, now);
}

/** What the system says never triggers work. The same id again is said once more instead of twice. */
export function saySystem(context: LoopContext, task: Task, content: string, id: string = context.newId()): Task {
  const { db, now } = context;
  if (findComment(db, id) !== undefined) {
    repeatComment(db, id, content, now);
    appendEvent(db, { type: "comment_changed", workspaceId: task.workspaceId, taskId: task.id, subjectId: id }, now);
    return task;
  }
  say(context, task, { id, author: SYSTEM, content, executionId: null, ordinal: null });
  return saveTask(db, { ...task, commentCount: task.commentCount + 1 }, now);
}

/** Writes down what an agent's answer says: each comment and note exactly once, by execution and place. */
export function sayAnswer(context: LoopContext, task: Task, execution: Execution, actions: readonly Action[]): Task {
  const { db, now, newId } = context;
  const author: Actor = { kind: "agent", id: execution.agentId, name: execution.agentName };
  let comments = 0;
  for (const [ordinal, action] of actions.entries()) {
    if (action.type === "comment") {
      comments += 1;
      say(context, task, { id: newId(), author, content: action.content, executionId: execution.id, ordinal });
    } else if (action.type === "note") {
      insertNote(db, { taskId: task.id, executionId: execution.id, ordinal, agentName: execution.agentName, text: action.text }, now);
    }
  }
  return comments === 0 ? task : saveTask(db, { ...task, commentCount: task.commentCount + comments, updatedAt: now }, now);
}
