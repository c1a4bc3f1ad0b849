import { expect, test } from "vitest";
import { findExecution, listExecutions } from "#executions/execution-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { addComment } from "./add-comment.ts";
import { cancelTask } from "./cancel-task.ts";
import { deleteTask } from "./delete-task.ts";
import { moveTask } from "./move-task.ts";
import { play, says, skip } from "./play.ts";
import { restartTask } from "./restart-task.ts";
import { stopWorkspace } from "./stop-workspace.ts";

test("L03: cancel stops the run, keeps the task in review, and only a later comment starts work again", () => {
  const { task, start, end, read, comments, deps, turn } = play(["Planner", "Implementer"]);
  const { id } = task();
  const execution = start();
  addComment(deps, { taskId: id, content: "before the cancel" });
  cancelTask(deps, id);
  expect(read(id)).toMatchObject({ status: "in_progress", stopping: "cancelling" });
  expect(findExecution(deps.store.reader, execution?.id ?? "")).toMatchObject({ state: "stopping", stopReason: "cancelled" });
  expect(end(execution, { cause: "cancelled", exitCode: null, signal: "SIGTERM" })).toBe("salvaged");
  expect(read(id)).toMatchObject({ status: "in_review", attention: "cancelled", stopping: "none" });
  expect(comments(id)).toEqual(["User: before the cancel", "System: Task cancelled by user."]);
  expect(findExecution(deps.store.reader, execution?.id ?? "")).toMatchObject({ outcome: "cancelled" });
  expect(turn(skip)).toBeUndefined();
  addComment(deps, { taskId: id, content: "go on after all" });
  expect(turn(skip)).toBe("Planner");
});

test("a comment while the cancel is carried out starts work again", () => {
  const { task, start, end, read, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  cancelTask(deps, id);
  addComment(deps, { taskId: id, content: "no, go on" });
  end(execution, skip);
  expect(read(id).status).toBe("todo");
});

test("a second cancel counts what was said since the first as seen", () => {
  const { task, start, end, read, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  cancelTask(deps, id);
  addComment(deps, { taskId: id, content: "no, go on" });
  cancelTask(deps, id);
  end(execution, skip);
  expect(read(id)).toMatchObject({ status: "in_review", attention: "cancelled" });
});

test("what an agent answered in the instant of a cancel is kept and not applied", () => {
  const { task, start, end, comments, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  cancelTask(deps, id);
  end(execution, says("too late"));
  expect(comments(id)).toEqual(["System: Task cancelled by user."]);
  expect(findExecution(deps.store.reader, execution?.id ?? "")).toMatchObject({
    salvaged: true,
    actions: [{ type: "comment", content: "too late" }],
  });
});

test("cancel in a back-off takes effect at once", () => {
  const { task, turn, read, deps } = play(["Planner"]);
  const { id } = task();
  turn({ exitCode: 1 });
  cancelTask(deps, id);
  expect(read(id)).toMatchObject({ status: "in_review", attention: "cancelled" });
  deps.pass(600_000);
  expect(turn(skip)).toBeUndefined();
});

test("cancel, move and restart are refused with words where there is nothing to do", () => {
  const { task, turn, deps } = play(["Planner"]);
  const { id } = task();
  expect(() => cancelTask(deps, id)).toThrow("nothing to cancel");
  turn(skip);
  expect(() => cancelTask(deps, id)).toThrow("nothing to cancel");
  moveTask(deps, id, "done");
  expect(() => moveTask(deps, id, "in_review")).toThrow("cannot become in review");
  expect(() => moveTask(deps, id, "in_progress")).toThrow("not by hand");
  expect(() => restartTask(deps, id)).toThrow("not restarted");
});

test("moving a running task to review stops it without a comment", () => {
  const { task, start, end, read, comments, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  moveTask(deps, id, "in_review");
  end(execution, { cause: "cancelled", exitCode: 0 });
  expect(read(id)).toMatchObject({ status: "in_review", attention: "none" });
  expect(comments(id)).toEqual([]);
});

test("restart gives up the run and starts again at the first agent", () => {
  const { task, turn, start, end, read, deps } = play(["Planner", "Implementer"]);
  const { id } = task();
  turn(says("plan"));
  const execution = start();
  expect(execution?.agentName).toBe("Implementer");
  restartTask(deps, id);
  end(execution, { cause: "cancelled", exitCode: null, signal: "SIGKILL" });
  expect(read(id)).toMatchObject({ status: "todo", stopping: "none" });
  expect(start()).toMatchObject({ agentName: "Planner", runNumber: 2, passNumber: 1 });
});

test("deleting a running task removes it when its processes are proven dead, and notes its files for the sweep", () => {
  const { task, start, end, deps, workspaceId } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  expect(deleteTask(deps, id)).toEqual({ deleted: false });
  expect(findTask(deps.store.reader, id)?.stopping).toBe("deleting");
  end(execution, skip);
  expect(findTask(deps.store.reader, id)).toBeUndefined();
  expect(listExecutions(deps.store.reader, { workspaceId, limit: 9 })).toEqual([]);
  const removals = deps.store.reader.prepare("SELECT kind, id FROM removals ORDER BY kind").all();
  expect(removals).toEqual([
    { kind: "execution", id: execution?.id },
    { kind: "task", id },
  ]);
  expect(findWorkspace(deps.store.reader, workspaceId)?.counts).toEqual({ todo: 0, in_progress: 0, in_review: 0, done: 0 });
});

test("a delete during a cancel wins", () => {
  const { task, start, end, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  cancelTask(deps, id);
  deleteTask(deps, id);
  end(execution, { cause: "cancelled", exitCode: 0 });
  expect(findTask(deps.store.reader, id)).toBeUndefined();
});

test("deleting a workspace waits for what lives in it", () => {
  const { task, start, end, deps, workspaceId } = play(["Planner"]);
  task();
  const execution = start();
  expect(stopWorkspace(deps, workspaceId)).toEqual({ deleted: false });
  expect(() => task("more")).toThrow("no workspace");
  end(execution, skip);
  expect(findWorkspace(deps.store.reader, workspaceId)).toBeUndefined();
});
