import { decideOutcome } from "#executions/decide-outcome.ts";
import { findExecution, saveExecution } from "#executions/execution-table.ts";
import type { Execution } from "#executions/execution.ts";
import type { Report, Verdict } from "#executions/report.ts";
import { contextOf, type LoopDeps } from "./deps.ts";
import { endExecution } from "./end-execution.ts";

/**
 * Takes in how an execution ended. Repeatable: the same report again changes nothing. A report that no longer counts, because
 * its lease passed to another execution or a person stopped the task, is kept as evidence and changes no task.
 */
export function settleReport(deps: LoopDeps, report: Report): Verdict {
  return deps.store.transact((db): Verdict => {
    const execution = findExecution(db, report.executionId);
    if (execution === undefined) return "unknown";
    if (execution.reportSha256 !== "") return execution.reportSha256 === report.sha256 ? "already" : "conflict";
    const context = contextOf(deps, db);
    const decided = decideOutcome(report);
    const reported = withFacts(execution, report);
    if (execution.state === "ended" || execution.fence !== report.fence) {
      saveExecution(db, { ...reported, actions: decided.actions, salvaged: true }, context.now);
      return "salvaged";
    }
    // Stopped by a person: what it answered in the last instant is kept, not applied. Stopped by the supervisor itself, the truth counts.
    const stopped = execution.stopReason !== "none" && execution.stopReason !== "supervisor_stopping";
    if (stopped) {
      const ended = { outcome: "cancelled", detail: `Stopped: ${execution.stopReason}.`, actions: [], until: null } as const;
      endExecution(context, { ...reported, actions: decided.actions, salvaged: decided.outcome === "finished" }, ended);
      return "salvaged";
    }
    endExecution(context, { ...reported, actions: decided.actions }, { ...decided, until: report.faultUntil });
    return "applied";
  });
}

function withFacts(execution: Execution, report: Report): Execution {
  return {
    ...execution,
    exitCode: report.exitCode,
    signal: report.signal,
    usage: report.usage,
    reportSha256: report.sha256,
    startedAt: execution.startedAt ?? report.startedAt,
    containment: report.containment ?? execution.containment,
  };
}
