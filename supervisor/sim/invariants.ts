import type { Execution } from "#executions/execution.ts";
import { listComments } from "#tasks/comment-table.ts";
import { listActivities } from "#tasks/activity-table.ts";
import { listTasks } from "#tasks/task-table.ts";
import type { Db } from "#store/open-db.ts";
import type { CliProcess, Produced, RunnerProcess } from "./hands.ts";
import type { Act } from "./people.ts";

/** Everything an oracle may look at when a run is over. */
export interface Remains {
  db: Db;
  executions: readonly Execution[];
  processes: readonly CliProcess[];
  produced: readonly Produced[];
  runners: readonly RunnerProcess[];
  acts: readonly Act[];
  seen: readonly { seq: number; type: string; taskId: string }[];
}

type Check = (remains: Remains) => string | undefined;

/** I1: at most one live CLI per workspace. Looked at after every event. */
export function twoLiveClis(processes: readonly CliProcess[]): string | undefined {
  const busy = new Map<string, string>();
  for (const { alive, workspaceId, executionId } of processes) {
    if (!alive) continue;
    const other = busy.get(workspaceId);
    if (other !== undefined) return `I1: executions ${other} and ${executionId} live at once`;
    busy.set(workspaceId, executionId);
  }
  return undefined;
}

const CHECKS: readonly Check[] = [
  // I2, I3: what an execution said stands on its task once and whole, if and only if its answer was applied.
  ({ db, executions, produced }) => {
    const said = new Map<string, number>();
    for (const { id } of listTasks(db, { statuses: [], limit: 10_000 })) {
      for (const { author, content } of listComments(db, id, 0, 10_000)) {
        if (author.kind === "agent") said.set(content, (said.get(content) ?? 0) + 1);
      }
    }
    for (const { executionId, comment } of produced) {
      const execution = executions.find(({ id }) => id === executionId);
      if (comment === undefined || execution === undefined) continue;
      const expected = execution.outcome === "finished" && !execution.salvaged ? 1 : 0;
      if ((said.get(comment) ?? 0) !== expected)
        return `I3: the comment of ${executionId} stands ${said.get(comment) ?? 0} times, not ${expected}`;
    }
    return undefined;
  },
  ({ executions }) => {
    const wrong = executions.find(({ outcome, salvaged }) => outcome === "finished" && salvaged);
    return wrong && `I2: ${wrong.id} is both applied and kept as evidence`;
  },
  ({ executions }) => {
    const applied = new Set<string>();
    for (const { runId, passNumber, agentId, outcome, salvaged, id } of executions) {
      if (outcome !== "finished" || salvaged) continue;
      const step = `${runId} ${passNumber} ${agentId}`;
      if (applied.has(step)) return `I2: the step of ${id} is applied twice`;
      applied.add(step);
    }
    return undefined;
  },
  // I4: what a person said was in the input of an execution that ended after it, unless a person's later act made it moot.
  ({ db, acts, executions }) => {
    const statuses = new Map(listTasks(db, { statuses: [], limit: 10_000 }).map(({ id, status }) => [id, status]));
    for (const [index, act] of acts.entries()) {
      if (act.kind !== "comment" && act.kind !== "edit") continue;
      const status = statuses.get(act.taskId);
      const moot = acts.slice(index + 1).some(({ kind, taskId }) => taskId === act.taskId && MOOT.has(kind));
      if (status !== "in_review" || moot || spokenInReview(acts, index)) continue;
      const heard = executions.some(
        ({ taskId, inputSeq, state, outcome }) => taskId === act.taskId && inputSeq >= act.seq && state === "ended" && outcome !== "none",
      );
      if (!heard) return `I4: what was said at ${act.seq} on ${act.taskId} was never given to an agent`;
    }
    return undefined;
  },
  // A cancelled task stays cancelled until a person acts again.
  ({ acts, executions }) => {
    for (const [index, act] of acts.entries()) {
      if (act.kind !== "cancel") continue;
      const next = acts.slice(index + 1).find(({ kind, taskId }) => taskId === act.taskId && kind !== "cancel")?.seq ?? Infinity;
      const started = executions.find(({ taskId, inputSeq }) => taskId === act.taskId && inputSeq > act.seq && inputSeq < next);
      if (started) return `cancel: ${started.id} started although its task was cancelled at ${act.seq} and nobody acted since`;
    }
    return undefined;
  },
  // I5: what subscribers saw is what is stored, in order and without a gap.
  ({ db, seen }) => {
    const stored = db.prepare("SELECT seq, type, task_id AS taskId FROM events ORDER BY seq").all() as {
      seq: number;
      type: string;
      taskId: string;
    }[];
    const wrong = stored.findIndex(
      ({ seq, type, taskId }, at) => seen[at]?.seq !== seq || seen[at]?.type !== type || seen[at]?.taskId !== taskId,
    );
    if (wrong >= 0) return `I5: event ${stored[wrong]?.seq} was seen as ${JSON.stringify(seen[wrong])}`;
    return seen.length === stored.length ? undefined : `I5: ${seen.length} events were seen, ${stored.length} are stored`;
  },
  // I6: when the faults are over, everything ends.
  ({ db }) => {
    const left = listTasks(db, { statuses: ["todo", "in_progress"], limit: 1 }).find(({ hold }) => hold === "none");
    return left && `I6: ${left.id} is still ${left.status} (${left.stopping})`;
  },
  ({ executions }) => {
    const left = executions.find(({ state }) => state !== "ended");
    return left && `I6: execution ${left.id} is still ${left.state}`;
  },
  // I9: no finished result vanishes while its runner lives.
  ({ executions, produced }) => {
    const lost = produced.find(({ executionId }) => {
      const execution = executions.find(({ id }) => id === executionId);
      return execution !== undefined && execution.reportSha256 === "" && execution.outcome !== "runner_lost";
    });
    return lost && `I9: the report of ${lost.executionId} was never settled`;
  },
  // I10: nothing is left.
  ({ processes, runners }) => {
    const left = processes.find(({ alive }) => alive);
    if (left) return `I10: the CLI of ${left.executionId} still lives`;
    const holding = runners.find((runner) => runner.alive && runner.carries() > 0);
    return holding && `I10: runner ${holding.id} still holds something`;
  },
  // I12: a status changes only through the one transition, which writes it down.
  ({ db }) => {
    for (const task of listTasks(db, { statuses: [], limit: 10_000 })) {
      let status = "todo";
      for (const { kind, detail } of listActivities(db, task.id, 0, 100_000)) {
        if (kind !== "status_changed") continue;
        if (detail["from"] !== status) return `I12: ${task.id} went from ${detail["from"]} although it was ${status}`;
        status = detail["to"] as string;
      }
      if (status !== task.status) return `I12: ${task.id} is ${task.status}, its history says ${status}`;
    }
    return undefined;
  },
  ({ db }) => {
    const wrong = db
      .prepare(
        `SELECT w.id FROM workspaces w WHERE (todo_count, in_progress_count, in_review_count, done_count) <>
           (SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'in_progress'),
              count(*) FILTER (WHERE status = 'in_review'), count(*) FILTER (WHERE status = 'done') FROM tasks WHERE workspace_id = w.id)`,
      )
      .pluck()
      .get() as string | undefined;
    return wrong === undefined ? undefined : `counters: those of ${wrong} are wrong`;
  },
];

/** After these, what was said before need not be heard any more, or starts over anyway. */
const MOOT = new Set<Act["kind"]>(["cancel", "move", "done", "delete", "comment", "edit"]);

/** An edit of a task in review or done waits for somebody to queue it: it asks nobody to do anything. */
function spokenInReview(acts: readonly Act[], index: number): boolean {
  return acts[index]?.kind === "edit";
}

/** The first invariant that does not hold, in words. */
export function violation(remains: Remains): string | undefined {
  for (const check of CHECKS) {
    const found = check(remains);
    if (found !== undefined) return found;
  }
  return undefined;
}
