import { notFound, refuseViolations } from "#errors/problem.ts";
import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { findWorkspace, moveCount, nextTaskNumber, touchWorkspace } from "#workspaces/workspace-table.ts";
import { appendActivity } from "./activity-table.ts";
import { USER } from "./comment.ts";
import { insertTask } from "./task-table.ts";
import { type Hold, type Priority, type Task, taskViolations } from "./task.ts";
import { queueTask } from "./transition.ts";

export interface NewTask {
  workspaceId: string;
  summary: string;
  description: string;
  kind: string;
  priority: Priority;
  hold: Hold;
}

/** Writes a task down and, unless it is held, queues it. */
export function createTask({ store, now: clock, newId }: Deps, request: NewTask): Task {
  refuseViolations(taskViolations(request));
  return store.transact((db) => {
    const now = clock();
    const workspace = findWorkspace(db, request.workspaceId);
    if (workspace === undefined || workspace.deleting) throw notFound("workspace", request.workspaceId);
    const id = newId();
    const saidSeq = appendEvent(db, { type: "task_changed", workspaceId: workspace.id, taskId: id }, now);
    const task: Task = {
      ...request,
      id,
      prefix: workspace.prefix,
      number: nextTaskNumber(db, workspace.id),
      status: "todo",
      pinned: false,
      attention: "none",
      attentionDetail: "",
      resolution: "none",
      stopping: "none",
      saidSeq,
      heardSeq: 0,
      runCount: 0,
      passNumber: 0,
      commentCount: 0,
      version: 1,
      createdAt: now,
      updatedAt: now,
      doneAt: null,
    };
    insertTask(db, task);
    moveCount(db, workspace.id, null, "todo");
    touchWorkspace(db, workspace.id, now);
    appendActivity(db, id, "task_created", USER, { summary: task.summary }, now);
    queueTask({ db, now, newId }, task, "created", now);
    return task;
  });
}
