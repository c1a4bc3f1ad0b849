import { Command } from "commander";
import { agentsOf } from "#find/agent.ts";
import { findOrOnlyWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { limitOption, workspaceOption } from "#options/common.ts";
import { openSession } from "#session.ts";
import { agentView } from "#views/agent.ts";

interface Options {
  workspace?: string;
  limit: number;
}

export function listAgents(io: Io): Command {
  return new Command("list")
    .description("List the agents of a workspace in their order")
    .addOption(workspaceOption("whose agents; not needed when there is only one workspace"))
    .addOption(limitOption(0))
    .action(async ({ workspace, limit }: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { id } = await findOrOnlyWorkspace(malamar, workspace);
      await print.list(agentView, await agentsOf(malamar, id, limit));
    });
}
