import { Command, Option } from "commander";
import { findAgent } from "#find/agent.ts";
import type { Io } from "#io.ts";
import { wholeBigint } from "#options/number.ts";
import { given, updateMask } from "#options/update.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { agentView } from "#views/agent.ts";
import { type AgentOptions, agentSettings, withAgentOptions } from "./options.ts";

interface Options extends AgentOptions {
  name?: string;
  enable?: boolean;
  disable?: boolean;
  expectedVersion?: bigint;
}

export function updateAgent(io: Io): Command {
  const command = new Command("update")
    .description("Change an agent; what is not given stays")
    .argument("<agent>", "id, or name with --workspace");
  return withAgentOptions(command.option("--name <name>", "what it is called, unique in its workspace"))
    .option("--enable", "let it take part in passes")
    .addOption(new Option("--disable", "leave it out of passes").conflicts("enable"))
    .option("--expected-version <version>", "refuse when somebody else changed it since this version", wholeBigint)
    .action(async (text: string, options: Options, self: Command) => {
      const { malamar, print } = openSession(io, self);
      const { settings, mask, limitPaths } = await agentSettings(io, options);
      const { name, expectedVersion } = options;
      const enabled = options.enable === true ? true : options.disable === true ? false : undefined;
      const changes = updateMask({ name, enabled, ...mask }, limitPaths);
      const { id } = await findAgent(malamar, text, options.workspace);
      const response = await malamar.agents.updateAgent({
        agent: { id, ...settings, ...given({ name, enabled }) },
        updateMask: changes,
        ...given({ expectedVersion }),
      });
      const agent = received(response.agent);
      await print.changed(agentView, agent, `Agent "${agent.name}" changed: ${changes.paths.join(", ")}`);
    });
}
