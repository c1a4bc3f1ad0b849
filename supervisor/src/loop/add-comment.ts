import { must } from "#errors/must.ts";
import { refuseViolations } from "#errors/problem.ts";
import { findComment } from "#tasks/comment-table.ts";
import { type Comment, USER } from "#tasks/comment.ts";
import { contentViolations } from "#tasks/task.ts";
import { queueTask, saveTask, transition } from "#tasks/transition.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { say } from "./say.ts";
import { taskInHand } from "./task-in-hand.ts";

/**
 * A person says something on a task. In review: work starts again. Waiting, also in a back-off: it moves forward in the queue.
 * In progress: the next agent sees it and a further pass is guaranteed. Done: it is kept and changes nothing.
 */
export function addComment(deps: LoopDeps, { taskId, content }: { taskId: string; content: string }): Comment {
  refuseViolations(contentViolations(content));
  return deps.store.transact((db) => {
    const context = contextOf(deps, db);
    const { now, newId } = context;
    const { task, run } = taskInHand(context, taskId);
    const id = newId();
    const saidSeq = say(context, task, { id, author: USER, content, executionId: null, ordinal: null });
    const commented = saveTask(db, { ...task, saidSeq, commentCount: task.commentCount + 1, updatedAt: now }, now);
    if (task.status === "in_review") transition({ db, now, newId, actor: USER }, commented, { status: "todo", reason: "comment" });
    else if (task.status === "todo" || run?.state === "waiting") queueTask({ db, now, newId }, commented, "comment", now);
    return must(findComment(db, id), "A comment is gone in its own transaction.");
  });
}
