import { resolve } from "node:path";
import { DirectoryMode, QueueOrder } from "@malamar/proto/malamar/v1/workspace_pb";
import type { Command } from "commander";
import type { Io } from "#io.ts";
import { fileOption } from "#options/common.ts";
import { enumOption } from "#options/enum.ts";
import { type LimitOptions, limitsOf, withLimitOptions } from "#options/limits.ts";
import { wholeNumber } from "#options/number.ts";
import { textFrom } from "#options/text.ts";
import { given } from "#options/update.ts";

export interface WorkspaceOptions extends LimitOptions {
  description?: string;
  file?: string;
  prefix?: string;
  directoryMode?: DirectoryMode;
  directory?: string;
  queueOrder?: QueueOrder;
  breakerLimit?: number;
}

/** The settings of a workspace that can be given when it is made and changed later. */
export function withWorkspaceOptions(command: Command): Command {
  command
    .option("--description <text>", "the instruction every agent gets, markdown; - = standard input")
    .addOption(fileOption("the description"))
    .option("--prefix <prefix>", "prefix of task keys, 2 to 8 letters or digits, e.g. MAL")
    .addOption(enumOption("--directory-mode <mode>", "where agents work: a folder per task, or one given folder", DirectoryMode))
    .option("--directory <path>", "the given folder; without --directory-mode it means static")
    .addOption(enumOption("--queue-order <order>", "which waiting task goes first: latest update or longest wait", QueueOrder))
    .option("--breaker-limit <count>", "identical errors in a row of one agent that send a task to review; 0 = never", wholeNumber);
  return withLimitOptions(command);
}

/** What was given, under the names of the message, and the paths for an update mask. */
export async function workspaceSettings(io: Io, options: WorkspaceOptions) {
  const description = await textFrom(io, options.description, options.file);
  const directoryPath = options.directory === undefined ? undefined : pathOf(io, options.directory);
  // Naming a folder says how the workspace is to work; leaving it says nothing about the path.
  const impliedMode = directoryPath === undefined || directoryPath === "" ? undefined : DirectoryMode.STATIC;
  const { prefix, queueOrder, breakerLimit } = options;
  const directoryMode = options.directoryMode ?? impliedMode;
  const { limits, paths } = limitsOf(options);
  return {
    settings: { ...given({ description, prefix, directoryMode, directoryPath, queueOrder, breakerLimit }), limits },
    mask: {
      description,
      prefix,
      directory_mode: directoryMode,
      directory_path: directoryPath,
      queue_order: queueOrder,
      breaker_limit: breakerLimit,
    },
    limitPaths: paths,
  };
}

function pathOf(io: Io, text: string): string {
  return text === "" ? "" : resolve(io.directory, text);
}
