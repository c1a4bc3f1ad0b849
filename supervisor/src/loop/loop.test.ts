import { expect, test } from "vitest";
import { reorderAgents } from "#agents/reorder-agents.ts";
import { deleteAgent } from "#agents/delete-agent.ts";
import { agentsInOrder } from "#agents/agent-table.ts";
import { findExecution, listExecutions, liveExecution } from "#executions/execution-table.ts";
import { listActivities } from "#tasks/activity-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { updateTask } from "#tasks/update-task.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { addComment } from "./add-comment.ts";
import { cancelTask } from "./cancel-task.ts";
import { confirmDead } from "./confirm-dead.ts";
import { deleteTask } from "./delete-task.ts";
import { loseRunner } from "./lose-runner.ts";
import { moveTask } from "./move-task.ts";
import { findPause, listPauses } from "./pause-table.ts";
import { asksForReview, play, reportOf, says, skip } from "./play.ts";
import { restartTask } from "./restart-task.ts";
import { openRun } from "./run-table.ts";
import { settleReport } from "./settle-report.ts";
import { stopWorkspace } from "./stop-workspace.ts";

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

test("a task in back-off makes room, is demoted, and its retry resumes at the same agent in the same pass", () => {
  const { task, turn, start, end, read, deps } = play(["Planner", "Implementer"]);
  const { id } = task("first");
  turn(says("plan"));
  turn({ exitCode: 3 });
  expect(read(id)).toMatchObject({ status: "in_progress" });
  const run = openRun(deps.store.reader, id);
  expect(run).toMatchObject({ state: "waiting", passNumber: 1 });
  const other = task("second");
  const execution = start();
  expect(execution?.taskId).toBe(other.id);
  expect(read(id).status).toBe("todo");
  end(execution, asksForReview);
  expect(start()).toBeUndefined();
  deps.pass(1000);
  const retried = start();
  expect(retried).toMatchObject({ taskId: id, agentName: "Implementer", passNumber: 1, runNumber: 1 });
  expect(openRun(deps.store.reader, id)?.id).toBe(run?.id);
});

test("L06: identical errors of one agent back off, are one comment with a count, and trip the breaker", () => {
  const { task, turn, read, comments, deps } = play(["Planner"], { breakerLimit: 3 });
  const { id } = task();
  for (const wait of [1000, 2000]) {
    expect(turn({ exitCode: 1, stderrTail: "boom" })).toBe("Planner");
    deps.pass(wait - 1);
    expect(turn(skip)).toBeUndefined();
    deps.pass(1);
  }
  turn({ exitCode: 1, stderrTail: "boom" });
  expect(read(id)).toMatchObject({ status: "in_review", attention: "error", attentionDetail: "Planner failed" });
  expect(comments(id)).toEqual([
    "System: Planner failed (3 times in a row). Malamar stopped trying so that a person can look. All work is kept; comment to let the agents go on.",
  ]);
});

test("another kind of error starts another streak", () => {
  const { task, turn, read, deps } = play(["Planner"], { breakerLimit: 2 });
  const { id } = task();
  turn({ exitCode: 1 });
  deps.pass(10_000);
  turn({});
  expect(read(id).status).toBe("in_progress");
  deps.pass(10_000);
  turn({});
  expect(read(id)).toMatchObject({ status: "in_review", attentionDetail: "Planner gave an answer that Malamar cannot accept" });
});

test("breaker limit 0 never trips", () => {
  const { task, turn, read, deps } = play(["Planner"], { breakerLimit: 0 });
  const { id } = task();
  for (let count = 0; count < 12; count++) {
    expect(turn({ exitCode: 1 })).toBe("Planner");
    deps.pass(300_000);
  }
  expect(read(id).status).toBe("in_progress");
});

test("L16: a systemic fault pauses the CLI until when it says, counts against nobody, and ends by itself", () => {
  const { task, turn, start, end, read, deps } = play(["Planner"], { breakerLimit: 1 });
  const { id } = task();
  turn({ exitCode: 1, fault: "usage_limit", faultDetail: "limit reached", faultUntil: deps.now() + 60_000 });
  const other = task("other");
  expect(read(id)).toMatchObject({ status: "in_progress", attention: "none" });
  expect(findPause(deps.store.reader, "cli", "demo")).toMatchObject({ cause: "usage_limit", until: deps.now() + 60_000 });
  deps.pass(59_999);
  expect(start()).toBeUndefined();
  deps.pass(1);
  const probe = start();
  expect(probe).toBeDefined();
  end(probe, skip);
  expect(listPauses(deps.store.reader)).toEqual([]);
  expect([read(id).status, read(other.id).status].toSorted()).toContain("in_review");
});

test("after a pause one attempt tries the resource, then those who waited come back one after the other", () => {
  const one = play(["Planner"]);
  const { deps } = one;
  one.task();
  one.turn({ exitCode: 1, fault: "provider_unavailable", faultUntil: deps.now() + 5000 });
  deps.pass(5000);
  const probe = one.start();
  expect(findPause(deps.store.reader, "cli", "demo")).toMatchObject({ recoveredAt: null, until: deps.now() + 60_000 });
  one.end(probe, says("hello again"));
  expect(one.start()).toBeUndefined();
  deps.pass(1000);
  const next = one.start();
  expect(next).toBeDefined();
  deps.pass(30_000);
  one.end(next, skip);
  expect(findPause(deps.store.reader, "cli", "demo")).toBeUndefined();
});

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

test("L07: a report settles once, however often it comes; another one of the same execution conflicts", () => {
  const { task, start, comments, deps } = play(["Planner", "Implementer"]);
  const { id } = task();
  const execution = start();
  if (execution === undefined) throw new Error("nothing started");
  const report = reportOf(execution, says("once"), deps.now());
  expect([settleReport(deps, report), settleReport(deps, report)]).toEqual(["applied", "already"]);
  expect(settleReport(deps, { ...report, sha256: "other" })).toBe("conflict");
  expect(settleReport(deps, { ...report, executionId: "nobody" })).toBe("unknown");
  expect(comments(id)).toEqual(["Planner: once"]);
});

test("a lost runner's step is tried again once its processes are proven dead, and a late answer is kept as evidence", () => {
  const { task, start, read, comments, deps, workspaceId } = play(["Planner"], { breakerLimit: 1 });
  const { id } = task();
  const execution = start();
  if (execution === undefined) throw new Error("nothing started");
  expect(loseRunner(deps, "runner")).toEqual([{ executionId: execution.id, pid: 1000, pidStartTicks: 1 }]);
  deps.pass(600_000);
  expect(start()).toBeUndefined();
  confirmDead(deps, execution.id);
  expect(liveExecution(deps.store.reader, workspaceId)).toBeUndefined();
  expect(read(id)).toMatchObject({ status: "in_progress", attention: "none" });
  expect(settleReport(deps, reportOf(execution, says("late"), deps.now()))).toBe("salvaged");
  expect(comments(id).join()).not.toContain("late");
  deps.pass(1000);
  expect(start()).toMatchObject({ taskId: id, agentName: "Planner" });
});

test("an interrupted step starts again at once and says nothing", () => {
  const { task, turn, comments, start } = play(["Planner"]);
  const { id } = task();
  turn({ cause: "supervisor_stopping", exitCode: null, signal: "SIGTERM" });
  expect(comments(id)).toEqual([]);
  expect(start()?.agentName).toBe("Planner");
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
