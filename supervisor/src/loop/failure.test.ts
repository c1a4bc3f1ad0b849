import { expect, test } from "vitest";
import { liveExecution } from "#executions/execution-table.ts";
import { confirmDead } from "./confirm-dead.ts";
import { loseRunner } from "./lose-runner.ts";
import { findPause, listPauses } from "./pause-table.ts";
import { asksForReview, play, reportOf, says, skip } from "./play.ts";
import { openRun } from "./run-table.ts";
import { settleReport } from "./settle-report.ts";

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
