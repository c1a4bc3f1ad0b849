import { Problem } from "#errors/problem.ts";
import type { Db } from "#store/open-db.ts";
import { nameTaken } from "./agent-table.ts";
import type { Agent } from "./agent.ts";

/** Two agents of one name could not be told apart in comments. */
export function refuseTakenName(db: Db, agent: Pick<Agent, "id" | "workspaceId" | "name">): void {
  if (!nameTaken(db, agent.workspaceId, agent.name, agent.id)) return;
  throw new Problem(
    "conflict",
    "agent_name_taken",
    `The workspace has an agent called ${JSON.stringify(agent.name)} already, upper and lower case being the same; nothing was changed.`,
    "Choose another name.",
    [{ field: "name", description: "is taken by another agent of the workspace" }],
  );
}
