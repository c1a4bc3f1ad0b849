import type { Command } from "commander";
import type { Io } from "#io.ts";
import { fileOption, workspaceOption } from "#options/common.ts";
import { type LimitOptions, limitsOf, withLimitOptions } from "#options/limits.ts";
import { textFrom } from "#options/text.ts";
import { given } from "#options/update.ts";

export interface AgentOptions extends LimitOptions {
  workspace?: string;
  instruction?: string;
  file?: string;
  cli?: string;
  model?: string;
}

/** The settings of an agent that can be given when it is made and changed later. */
export function withAgentOptions(command: Command): Command {
  command
    .addOption(workspaceOption("where the agent works"))
    .option("--instruction <text>", "its role, markdown; - = standard input")
    .addOption(fileOption("the instruction"))
    .option("--cli <name>", 'which CLI carries it out; "malamarctl status" lists them')
    .option("--model <model>", "for CLIs that take one");
  return withLimitOptions(command);
}

/** What was given, under the names of the message, and the paths for an update mask. */
export async function agentSettings(io: Io, options: AgentOptions) {
  const instruction = await textFrom(io, options.instruction, options.file);
  const { cli, model } = options;
  const { limits, paths } = limitsOf(options);
  return { settings: { ...given({ instruction, cli, model }), limits }, mask: { instruction, cli, model }, limitPaths: paths };
}
