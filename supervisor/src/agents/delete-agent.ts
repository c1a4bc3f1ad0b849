import { notFound } from "#errors/problem.ts";
import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { agentsInOrder, findAgent, removeAgent } from "./agent-table.ts";
import { setOrder } from "./set-order.ts";

/** Removes an agent and closes the gap in the order. What it said stays; a running execution of it goes on with its snapshot. */
export function deleteAgent({ store, now: clock }: Pick<Deps, "store" | "now">, id: string): void {
  store.transact((db) => {
    const now = clock();
    const agent = findAgent(db, id);
    if (agent === undefined) throw notFound("agent", id);
    removeAgent(db, id);
    appendEvent(db, { type: "agent_deleted", workspaceId: agent.workspaceId, subjectId: id }, now);
    setOrder(db, agentsInOrder(db, agent.workspaceId), now);
  });
}
