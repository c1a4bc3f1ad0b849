import { Command } from "commander";
import { usage } from "#exit-code.ts";
import { findOrOnlyWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { keyOption } from "#options/common.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { agentView } from "#views/agent.ts";
import { type AgentOptions, agentSettings, withAgentOptions } from "./options.ts";

interface Options extends AgentOptions {
  disabled?: boolean;
  idempotencyKey?: string;
}

export function createAgent(io: Io): Command {
  return withAgentOptions(
    new Command("create").description("Add an agent at the end of a workspace's order").argument("<name>", "unique in its workspace"),
  )
    .option("--disabled", "leave it out of passes until it is enabled")
    .addOption(keyOption())
    .action(async (name: string, options: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      if (options.cli === undefined)
        throw usage("an agent needs a CLI: give --cli <name>", '"malamarctl status" lists the ones there are.');
      const { settings } = await agentSettings(io, options);
      const workspace = await findOrOnlyWorkspace(malamar, options.workspace);
      const response = await malamar.agents.createAgent({
        workspaceId: workspace.id,
        name,
        ...settings,
        enabled: options.disabled !== true,
        idempotencyKey: options.idempotencyKey ?? io.newKey(),
      });
      const agent = received(response.agent);
      await print.changed(
        agentView,
        agent,
        `Agent "${agent.name}" added to "${workspace.title}" at position ${agent.position}: ${agent.id}`,
      );
    });
}
