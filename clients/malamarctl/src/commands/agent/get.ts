import { Command } from "commander";
import { findAgent } from "#find/agent.ts";
import type { Io } from "#io.ts";
import { workspaceOption } from "#options/common.ts";
import { openSession } from "#session.ts";
import { agentView } from "#views/agent.ts";

export function getAgent(io: Io): Command {
  return new Command("get")
    .description("Show one agent with its instruction")
    .argument("<agent>", "id, or name with --workspace")
    .addOption(workspaceOption("where an agent of that name works"))
    .action(async (text: string, { workspace }: { workspace?: string }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      await print.one(agentView, await findAgent(malamar, text, workspace));
    });
}
