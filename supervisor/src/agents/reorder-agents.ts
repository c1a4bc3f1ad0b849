import { notFound, Problem } from "#errors/problem.ts";
import type { Deps } from "#store/deps.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { agentsInOrder } from "./agent-table.ts";
import type { Agent } from "./agent.ts";
import { setOrder } from "./set-order.ts";

/** Puts the agents in a new order, given as the complete list of their ids. It holds from the next step on. */
export function reorderAgents({ store, now: clock }: Pick<Deps, "store" | "now">, workspaceId: string, ids: readonly string[]): Agent[] {
  return store.transact((db) => {
    const workspace = findWorkspace(db, workspaceId);
    if (workspace === undefined || workspace.deleting) throw notFound("workspace", workspaceId);
    const agents = new Map(agentsInOrder(db, workspaceId).map((agent) => [agent.id, agent]));
    const ordered = ids.flatMap((id) => agents.get(id) ?? []);
    if (ids.length !== agents.size || new Set(ordered).size !== agents.size) throw incomplete(agents.size);
    return setOrder(db, ordered, clock());
  });
}

function incomplete(count: number): Problem {
  return new Problem(
    "invalid",
    "incomplete_order",
    `The list does not name each of the workspace's ${count} agents once; the order was not changed.`,
    "List the agents and send all of their ids in the new order.",
    [{ field: "agentIds", description: "must name every agent of the workspace exactly once" }],
  );
}
