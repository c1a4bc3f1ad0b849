// From the order to everything a CLI needs to start: its folders, its input, its command, its environment.
import { cliOf } from "#clis/all.ts";
import { cliEnvironment } from "#clis/environment.ts";
import type { Adapter, Cli, Parser } from "#clis/cli.ts";
import type { Enclosures } from "#process/enclosures.ts";
import { MARKER } from "#process/sweep.ts";
import type { CliLaunch } from "#process/spawn-cli.ts";
import { makeExecutionFolder, writePrivate, type ExecutionFolder } from "#workdir/execution-folder.ts";
import { renderInput } from "#workdir/render-input.ts";
import type { SpareFolders } from "#workdir/spare-folder.ts";
import { taskDirectory } from "#workdir/task-directory.ts";
import type { Order } from "./order.ts";

/** What every execution of this runner has in common. */
export interface Workshop {
  runnerId: string;
  dataDir: string;
  /** The environment that the allow-list chooses from. */
  environment: NodeJS.ProcessEnv;
  node: string;
  demoCli: string;
  spares: SpareFolders;
  enclosures: Enclosures;
}

export interface Prepared {
  launch: CliLaunch;
  cli: Cli<Adapter>;
  parser: Parser;
}

/** Throws a StartFailure when anything is not as it must be. */
export function prepare(order: Order, folder: ExecutionFolder, workshop: Workshop): Prepared {
  const cli = cliOf(order.cli.adapter);
  const parser = cli.parser(order.cli.adapter);
  if (!workshop.spares.take(folder)) makeExecutionFolder(folder);
  const directory = taskDirectory(workshop.dataDir, order.taskId, order.directory);
  const prompt = `Read the file at ${folder.input} and follow it autonomously.`;
  const command = cli.command(
    {
      executionId: order.executionId,
      model: order.cli.model,
      inputPath: folder.input,
      outputPath: folder.output,
      promptPath: folder.prompt,
      prompt,
      node: workshop.node,
      demoCli: workshop.demoCli,
    },
    order.cli.adapter,
  );
  writeInput(order, folder, directory);
  writePrivate(folder.prompt, `${prompt}\n`);
  const env = cliEnvironment(workshop.environment, {
    pass: command.envPass,
    own: command.env,
    marks: {
      TMPDIR: folder.temporary,
      [MARKER]: order.executionId,
      MALAMAR_TASK_ID: order.taskId,
      MALAMAR_WORKSPACE_ID: order.workspaceId,
    },
  });
  return { launch: { program: command.program, args: command.args, env, directory, stdin: command.stdin }, cli, parser };
}

function writeInput(order: Order, folder: ExecutionFolder, directory: string): void {
  const { text, allComments, allActivities } = renderInput(order.input, {
    directory,
    output: folder.output,
    comments: folder.comments,
    activities: folder.activities,
  });
  writePrivate(folder.input, text);
  if (allComments !== null) writePrivate(folder.comments, allComments);
  if (allActivities !== null) writePrivate(folder.activities, allActivities);
}
