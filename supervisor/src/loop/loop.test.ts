import { expect, test } from "vitest";
import { reorderAgents } from "#agents/reorder-agents.ts";
import { deleteAgent } from "#agents/delete-agent.ts";
import { agentsInOrder } from "#agents/agent-table.ts";
import { listActivities } from "#tasks/activity-table.ts";
import { updateTask } from "#tasks/update-task.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { addComment } from "./add-comment.ts";
import { moveTask } from "./move-task.ts";
import { asksForReview, play, says, skip } from "./play.ts";

test("agents take turns in order, a comment brings another pass, and when all skip the task converges", () => {
  const { task, turn, read, comments, start } = play(["Planner", "Implementer"]);
  const { id } = task();
  expect([turn(says("a plan")), turn(skip), turn(skip)]).toEqual(["Planner", "Implementer", "Planner"]);
  expect(read(id)).toMatchObject({ status: "in_progress", passNumber: 2 });
  expect(turn(skip)).toBe("Implementer");
  expect(read(id)).toMatchObject({ status: "in_review", attention: "converged", runCount: 1, passNumber: 2 });
  expect(comments(id)).toEqual(["Planner: a plan"]);
  expect(start()).toBeUndefined();
});

test("an agent that asks for review stops the pass at once", () => {
  const { task, turn, read } = play(["Planner", "Implementer"]);
  const { id } = task();
  turn(asksForReview);
  expect(read(id)).toMatchObject({ status: "in_review", attention: "question", attentionDetail: "Which colour?" });
  expect(turn(skip)).toBeUndefined();
});

test("a workspace without enabled agents sends its task straight to review", () => {
  const { task, start, read } = play([]);
  const { id } = task();
  expect(start()).toBeUndefined();
  expect(read(id)).toMatchObject({ status: "in_review", attention: "converged" });
});

test("L02: a comment in the last instant of an all-skip pass brings another pass", () => {
  const { task, turn, start, end, read, deps } = play(["Planner", "Implementer"]);
  const { id } = task();
  turn(skip);
  const last = start();
  addComment(deps, { taskId: id, content: "wait, one more thing" });
  end(last, skip);
  expect(read(id).status).toBe("in_progress");
  expect([turn(skip), turn(skip)]).toEqual(["Planner", "Implementer"]);
  expect(read(id).status).toBe("in_review");
});

test("L02: a comment that the asking agent did not see brings the task back from its review", () => {
  const { task, start, end, read, deps, turn } = play(["Planner"]);
  const { id } = task();
  const asking = start();
  addComment(deps, { taskId: id, content: "blue" });
  end(asking, asksForReview);
  expect(read(id).status).toBe("todo");
  expect(turn(skip)).toBe("Planner");
  expect(read(id)).toMatchObject({ status: "in_review", attention: "converged", runCount: 2 });
});

test("a change of the description during a pass brings another pass", () => {
  const { task, start, end, read, deps } = play(["Planner"]);
  const { id } = task();
  const execution = start();
  updateTask(deps, id, { description: "and in French" });
  end(execution, skip);
  expect(read(id)).toMatchObject({ status: "in_progress" });
});

test("a comment on a task in review starts a new run; on a done task it changes nothing", () => {
  const { task, turn, read, deps, start } = play(["Planner"]);
  const { id } = task();
  turn(skip);
  addComment(deps, { taskId: id, content: "again, please" });
  expect(read(id)).toMatchObject({ status: "todo", attention: "none" });
  turn(skip);
  expect(read(id)).toMatchObject({ status: "in_review", runCount: 2 });
  moveTask(deps, id, "done");
  addComment(deps, { taskId: id, content: "thanks" });
  expect(read(id)).toMatchObject({ status: "done", resolution: "completed" });
  expect(start()).toBeUndefined();
});

test("a done task that is moved back to todo is worked on again", () => {
  const { task, turn, read, deps } = play(["Planner"]);
  const { id } = task();
  turn(skip);
  moveTask(deps, id, "done", "wont_do");
  expect(read(id).resolution).toBe("wont_do");
  moveTask(deps, id, "todo");
  expect(read(id)).toMatchObject({ resolution: "none", doneAt: null });
  expect(turn(skip)).toBe("Planner");
});

test("one task at a time: the next one starts when the first has left progress", () => {
  const { task, start, end, read, deps } = play(["Planner"]);
  const first = task("first");
  deps.pass(1);
  const second = task("second");
  const execution = start();
  expect(execution?.taskId).toBe(second.id);
  expect(start()).toBeUndefined();
  end(execution, skip);
  expect(start()?.taskId).toBe(first.id);
  expect(read(first.id).status).toBe("in_progress");
});

test("the run keeps its slot between steps, whatever else is queued", () => {
  const { task, turn, start, deps } = play(["Planner", "Implementer"]);
  const { id } = task("first");
  turn(says("plan"));
  deps.pass(5);
  task("second");
  expect(start()?.taskId).toBe(id);
});

test("L05: agents, their order and their number are read afresh before each step", () => {
  const { task, turn, deps, workspaceId } = play(["Planner", "Implementer", "Reviewer"]);
  task();
  turn(says("plan"));
  const [, implementer] = agentsInOrder(deps.store.reader, workspaceId);
  deleteAgent(deps, implementer?.id ?? "");
  expect(turn(skip)).toBe("Reviewer");
});

test("no pass converges before every enabled agent has had its turn, whoever is deleted or moved meanwhile", () => {
  const deleting = play(["A", "B", "C"]);
  const { id } = deleting.task();
  deleting.turn(skip);
  deleting.turn(skip);
  const [first] = agentsInOrder(deleting.deps.store.reader, deleting.workspaceId);
  deleteAgent(deleting.deps, first?.id ?? "");
  expect(deleting.turn(skip)).toBe("C");
  expect(deleting.read(id).status).toBe("in_review");

  const moving = play(["A", "B", "C"]);
  moving.task();
  moving.turn(skip);
  const [a, b, c] = agentsInOrder(moving.deps.store.reader, moving.workspaceId).map((agent) => agent.id);
  reorderAgents(moving.deps, moving.workspaceId, [b, a, c] as string[]);
  expect([moving.turn(skip), moving.turn(skip), moving.turn(skip)]).toEqual(["C", "B", "A"]);
});

test("every status change has its activity, and the counters follow", () => {
  const { task, turn, deps, workspaceId } = play(["Planner"]);
  const { id } = task();
  turn(skip);
  moveTask(deps, id, "done");
  const changes = listActivities(deps.store.reader, id, 0, 100).filter(({ kind }) => kind === "status_changed");
  expect(changes.map(({ detail }) => `${detail["from"]}>${detail["to"]}`)).toEqual([
    "todo>in_progress",
    "in_progress>in_review",
    "in_review>done",
  ]);
  expect(findWorkspace(deps.store.reader, workspaceId)?.counts).toEqual({ todo: 0, in_progress: 0, in_review: 0, done: 1 });
});
