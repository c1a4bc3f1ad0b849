import { appendEvent } from "#events/event-table.ts";
import type { Db } from "#store/open-db.ts";
import { saveAgent } from "./agent-table.ts";
import type { Agent } from "./agent.ts";

/** Gives the agents the places 1, 2, 3 … in the given order; who has its place already is left alone. */
export function setOrder(db: Db, agents: readonly Agent[], now: number): Agent[] {
  return agents.map((agent, index) => {
    const position = index + 1;
    if (agent.position === position) return agent;
    const moved = { ...agent, position, version: agent.version + 1, updatedAt: now };
    saveAgent(db, moved);
    appendEvent(db, { type: "agent_changed", workspaceId: agent.workspaceId, subjectId: agent.id }, now);
    return moved;
  });
}
