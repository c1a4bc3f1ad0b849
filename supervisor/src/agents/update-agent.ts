import { notFound, refuseViolations } from "#errors/problem.ts";
import { refuseOldVersion } from "#errors/refuse-old-version.ts";
import { appendEvent } from "#events/event-table.ts";
import type { TimeLimits } from "#workspaces/workspace.ts";
import { findAgent, saveAgent } from "./agent-table.ts";
import { agentViolations, tidyAgent, type Agent, type AgentSettings } from "./agent.ts";
import type { AgentDeps } from "./create-agent.ts";
import { refuseTakenName } from "./refuse-taken-name.ts";

/** Settings to change; of the limits only those that are named. */
export type AgentChanges = Partial<Omit<AgentSettings, "limits">> & { limits?: Partial<TimeLimits> };

/** Changes an agent; its next execution uses the changes, a running one keeps what it was given. */
export function updateAgent(
  { store, now: clock, cliNames }: Pick<AgentDeps, "store" | "now" | "cliNames">,
  id: string,
  changes: AgentChanges,
  expectedVersion?: number,
): Agent {
  return store.transact((db) => {
    const now = clock();
    const agent = findAgent(db, id);
    if (agent === undefined) throw notFound("agent", id);
    refuseOldVersion(agent.version, expectedVersion);
    const { limits, ...rest } = tidyAgent(changes);
    const next: Agent = { ...agent, ...rest, limits: { ...agent.limits, ...limits } };
    // What nobody touched is not judged: an agent whose CLI left the configuration can still be renamed.
    refuseViolations(agentViolations({ ...rest, ...(limits && { limits: next.limits }) }, cliNames));
    refuseTakenName(db, next);
    if (JSON.stringify(next) === JSON.stringify(agent)) return agent;
    const changed = { ...next, version: agent.version + 1, updatedAt: now };
    saveAgent(db, changed);
    appendEvent(db, { type: "agent_changed", workspaceId: agent.workspaceId, subjectId: id }, now);
    return changed;
  });
}
