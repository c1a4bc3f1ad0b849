import { DeleteAgentResponseSchema } from "@malamar/proto/malamar/v1/agent_service_pb";
import { Command } from "commander";
import { findAgent } from "#find/agent.ts";
import type { Io } from "#io.ts";
import { workspaceOption, yesOption } from "#options/common.ts";
import { confirm } from "#options/confirm.ts";
import { jsonOf } from "#output/json.ts";
import { openSession } from "#session.ts";

interface Options {
  workspace?: string;
  yes?: boolean;
}

export function deleteAgent(io: Io): Command {
  return new Command("delete")
    .description("Remove an agent; what it said stays")
    .argument("<agent>", "id, or name with --workspace")
    .addOption(workspaceOption("where an agent of that name works"))
    .addOption(yesOption())
    .action(async (text: string, { workspace, yes }: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { id, name } = await findAgent(malamar, text, workspace);
      await confirm(io, `Delete the agent "${name}"? This cannot be undone.`, yes);
      const response = await malamar.agents.deleteAgent({ id });
      await print.said(`Agent "${name}" deleted.`, jsonOf(DeleteAgentResponseSchema, response), id);
    });
}
