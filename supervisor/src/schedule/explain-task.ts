import { agentsInOrder } from "#agents/agent-table.ts";
import { must } from "#errors/must.ts";
import { notFound } from "#errors/problem.ts";
import { liveExecution, liveExecutions } from "#executions/execution-table.ts";
import { findPause, listPauses } from "#loop/pause-table.ts";
import { activeRun, openRun } from "#loop/run-table.ts";
import { NOT_BEGUN, whoIsNext } from "#loop/run.ts";
import { entriesBefore, waitingEntry } from "#queue/queue-table.ts";
import { type DiskState, diskWords } from "#store/disk-state.ts";
import type { Db } from "#store/open-db.ts";
import { findTask } from "#tasks/task-table.ts";
import { taskKey } from "#tasks/task.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { explain, type Explanation, type Facts } from "./explanation.ts";

/** Says what a task is doing or why it is not running, from the present state. */
export function explainTask(
  db: Db,
  taskId: string,
  view: { now: number; maxExecutions: number; disk: DiskState; runnerState: (workspaceId: string) => Facts["runnerState"] },
): Explanation {
  const task = findTask(db, taskId);
  if (task === undefined) throw notFound("task", taskId);
  const workspace = must(findWorkspace(db, task.workspaceId), "A task's workspace is gone.");
  const live = liveExecution(db, workspace.id);
  const active = activeRun(db, workspace.id);
  const entry = waitingEntry(db, taskId);
  const agent = whoIsNext(openRun(db, taskId) ?? NOT_BEGUN, agentsInOrder(db, workspace.id));
  const pause = agent === undefined ? undefined : findPause(db, "cli", agent.cli);
  const other = active === undefined || active.taskId === taskId ? undefined : findTask(db, active.taskId);
  const before = entry === undefined ? 0 : entriesBefore(db, entry, workspace.queueOrder);
  return explain({
    status: task.status,
    hold: task.hold,
    stopping: task.stopping !== "none",
    updatedAt: task.updatedAt,
    attention: task.attention,
    running: live?.taskId === taskId ? { agentName: live.agentName, since: live.startedAt ?? live.leasedAt } : null,
    workspacePaused: workspace.paused,
    slot: other === undefined ? null : { taskId: other.id, key: taskKey(other) },
    holdsSlot: active?.taskId === taskId,
    entry: entry === undefined ? null : { readyAt: entry.readyAt, reason: entry.reason, since: entry.updatedAt, before },
    cliPause: pause === undefined || agent === undefined || pause.recoveredAt !== null ? null : { cli: agent.cli, ...pause },
    workspacePause: listPauses(db).find(({ resource, resourceId }) => resource === "workspace" && resourceId === workspace.id) ?? null,
    disk: view.disk.level === "ok" ? null : { since: view.disk.since, words: diskWords(view.disk) },
    machineFull: view.maxExecutions > 0 && liveExecutions(db).length >= view.maxExecutions,
    runnerState: view.runnerState(workspace.id),
    now: view.now,
  });
}
