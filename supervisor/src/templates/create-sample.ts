import { NEW_AGENT } from "#agents/agent.ts";
import { createAgent, type AgentDeps } from "#agents/create-agent.ts";
import { newestEventSeq } from "#events/event-table.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { NEW_WORKSPACE, type Workspace } from "#workspaces/workspace.ts";
import { SAMPLE_AGENTS, SAMPLE_WORKSPACE } from "./sample-team.ts";

/**
 * Gives a fresh installation a team to try. Fresh means that nothing was ever done in it, so a sample that was deleted does
 * not come back, and one that a crash kept from being written is made at the next start.
 * @returns the workspace, or undefined when the installation is not fresh
 */
export function createSample(deps: AgentDeps, cli: string): Workspace | undefined {
  return deps.store.transact((db) => {
    if (newestEventSeq(db) > 0) return undefined;
    const workspace = createWorkspace(deps, { ...NEW_WORKSPACE, ...SAMPLE_WORKSPACE });
    for (const agent of SAMPLE_AGENTS) createAgent(deps, workspace.id, { ...NEW_AGENT, ...agent, cli });
    return workspace;
  });
}
