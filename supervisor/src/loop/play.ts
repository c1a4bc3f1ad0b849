import { createHash } from "node:crypto";
import { createAgent } from "#agents/create-agent.ts";
import { findExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import type { Report, Verdict } from "#executions/report.ts";
import { openTestStore, type TestDeps } from "#store/open-test-store.ts";
import { listComments } from "#tasks/comment-table.ts";
import { createTask } from "#tasks/create-task.ts";
import { findTask } from "#tasks/task-table.ts";
import type { Task } from "#tasks/task.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { NEW_WORKSPACE } from "#workspaces/workspace.ts";
import type { LoopDeps } from "./deps.ts";
import { markStarted } from "./mark-started.ts";
import { settleReport } from "./settle-report.ts";
import { startStep } from "./start-step.ts";

export const skip = { actions: [{ type: "skip" }] };
export const says = (content: string) => ({ actions: [{ type: "comment", content }] });
export const asksForReview = { actions: [{ type: "change_status", status: "in_review", reason: "Which colour?" }] };

/** A workspace with agents on a real database, and a runner's side of the protocol played by hand. For tests. */
export interface Play {
  deps: LoopDeps & TestDeps & { cliNames: string[] };
  workspaceId: string;
  task(summary?: string): Task;
  read(id: string): Task;
  comments(id: string): string[];
  /** Leases and starts the workspace's next step, if there is one. */
  start(): Execution | undefined;
  /** Ends an execution as its runner would. */
  end(execution: Execution | undefined, report: object | { actions: object[] }): Verdict;
  /** Start and end; returns the agent's name, or undefined when nothing could start. */
  turn(report: object): string | undefined;
}

export function play(agents: string[] = ["Planner", "Implementer"], settings: object = {}): Play {
  const deps = { ...openTestStore(), random: () => 0, backOff: { first: 1000, longest: 300_000 }, cliNames: ["demo", "other"] };
  const { limits } = NEW_WORKSPACE;
  const workspace = createWorkspace(deps, { ...NEW_WORKSPACE, title: "Malamar", prefix: "MAL", ...settings });
  for (const name of agents) {
    createAgent(deps, workspace.id, { name, instruction: `You are ${name}.`, cli: "demo", model: "", enabled: true, limits });
  }
  let requests = 0;
  const self: Play = {
    deps,
    workspaceId: workspace.id,
    task: (summary = "Say hello") =>
      createTask(deps, { workspaceId: workspace.id, summary, description: "", kind: "work", priority: "normal", hold: "none" }),
    read: (id) => findTask(deps.store.reader, id) as Task,
    comments: (id) =>
      listComments(deps.store.reader, id, 0, 1000).map(({ author, content }) => `${author.name}: ${content.split("\n")[0]}`),
    start() {
      const leased = startStep(deps, workspace.id, () => ({ runnerId: "runner", boot: 1, requestId: `request${++requests}` }));
      if (leased === undefined) return undefined;
      markStarted(deps, { executionId: leased.id, fence: leased.fence, pid: 1000, pidStartTicks: 1, startedAt: deps.now() });
      return findExecution(deps.store.reader, leased.id);
    },
    end: (execution, report) => settleReport(deps, reportOf(execution as Execution, report, deps.now())),
    turn(report) {
      const execution = self.start();
      if (execution !== undefined) self.end(execution, report);
      return execution?.agentName;
    },
  };
  return self;
}

/** A runner's report: of an answer when given actions, else of whatever differs from a clean end. */
export function reportOf(execution: Execution, report: object, now: number): Report {
  const answered = "actions" in report;
  const answer = new TextEncoder().encode(answered ? JSON.stringify(report) : "");
  return {
    executionId: execution.id,
    fence: execution.fence,
    cause: "exited",
    exitCode: 0,
    signal: "",
    answerState: answered ? "present" : "missing",
    answer,
    error: "",
    stderrTail: "",
    finalLine: "not_expected",
    fault: null,
    faultDetail: "",
    faultUntil: null,
    usage: { inputTokens: null, outputTokens: null, cachedTokens: null, cost: null },
    lastLogFrame: 0,
    containment: null,
    startedAt: now,
    endedAt: now,
    sha256: createHash("sha256").update(JSON.stringify(report)).update(execution.id).digest("hex"),
    ...(answered ? {} : report),
  };
}
