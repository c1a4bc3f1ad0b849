import type { Agent } from "@malamar/proto/malamar/v1/agent_pb";
import type { Malamar } from "@malamar/sdk";
import { EXIT, Failure } from "#exit-code.ts";
import { readPages } from "#pages.ts";
import { isId } from "./id.ts";
import { findOrOnlyWorkspace } from "./workspace.ts";

/** Finds an agent by its id, or by its name in a workspace. */
export async function findAgent(malamar: Malamar, text: string, workspace: string | undefined): Promise<Agent> {
  if (isId(text) && workspace === undefined) {
    const { agent } = await malamar.agents.getAgent({ id: text });
    if (agent !== undefined) return agent;
  }
  const { id, title } = await findOrOnlyWorkspace(malamar, workspace);
  return agentCalled(await agentsOf(malamar, id), text, title);
}

/** All agents of a workspace, in their order. */
export async function agentsOf(malamar: Malamar, workspaceId: string, limit = 0): Promise<Agent[]> {
  const { items } = await readPages(
    limit,
    (page) => malamar.agents.listAgents({ workspaceId, ...page }),
    (response) => response.agents,
  );
  return items;
}

export function agentCalled(agents: readonly Agent[], text: string, workspaceTitle: string): Agent {
  const agent = agents.find(({ id, name }) => id === text || name.toLowerCase() === text.toLowerCase());
  if (agent !== undefined) return agent;
  const names = agents.map(({ name }) => `"${name}"`).join(", ");
  throw new Failure(
    EXIT.notFound,
    `the workspace "${workspaceTitle}" has no agent "${text}"`,
    names === "" ? "It has no agents yet." : `It has: ${names}`,
  );
}
