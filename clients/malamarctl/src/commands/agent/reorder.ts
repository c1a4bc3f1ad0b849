import { Command } from "commander";
import { usage } from "#exit-code.ts";
import { agentCalled, agentsOf } from "#find/agent.ts";
import { findOrOnlyWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { workspaceOption } from "#options/common.ts";
import { openSession } from "#session.ts";
import { agentView } from "#views/agent.ts";

export function reorderAgents(io: Io): Command {
  return new Command("reorder")
    .description("Put all agents of a workspace into a new order")
    .argument("<agents...>", "every agent of the workspace, the first one first")
    .addOption(workspaceOption("whose agents; not needed when there is only one workspace"))
    .action(async (texts: string[], { workspace: text }: { workspace?: string }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const workspace = await findOrOnlyWorkspace(malamar, text);
      const agents = await agentsOf(malamar, workspace.id);
      const agentIds = texts.map((each) => agentCalled(agents, each, workspace.title).id);
      const missing = agents.filter(({ id }) => !agentIds.includes(id)).map(({ name }) => `"${name}"`);
      if (missing.length > 0) throw usage(`the order leaves out ${missing.join(", ")}`, "Name every agent of the workspace once.");
      const response = await malamar.agents.reorderAgents({ workspaceId: workspace.id, agentIds });
      await print.list(agentView, response.agents);
    });
}
