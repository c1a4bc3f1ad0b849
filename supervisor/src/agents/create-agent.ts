import { notFound, refuseViolations } from "#errors/problem.ts";
import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { insertAgent, lastPosition } from "./agent-table.ts";
import { agentViolations, tidyAgent, type Agent, type AgentSettings } from "./agent.ts";
import { refuseTakenName } from "./refuse-taken-name.ts";

/** What the verbs on agents ask for besides a store: the names of the CLIs that the installation knows. */
export interface AgentDeps extends Deps {
  cliNames: readonly string[];
}

/** Appends an agent at the end of the workspace's order; a pass under way comes to it. */
export function createAgent({ store, now: clock, newId, cliNames }: AgentDeps, workspaceId: string, request: AgentSettings): Agent {
  const settings = tidyAgent(request);
  refuseViolations(agentViolations(settings, cliNames));
  return store.transact((db) => {
    const now = clock();
    const workspace = findWorkspace(db, workspaceId);
    if (workspace === undefined || workspace.deleting) throw notFound("workspace", workspaceId);
    const position = lastPosition(db, workspaceId) + 1;
    const agent: Agent = { ...settings, id: newId(), workspaceId, position, version: 1, createdAt: now, updatedAt: now };
    refuseTakenName(db, agent);
    insertAgent(db, agent);
    appendEvent(db, { type: "agent_changed", workspaceId, subjectId: agent.id }, now);
    return agent;
  });
}
