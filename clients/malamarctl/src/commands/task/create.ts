import { TaskHold, TaskPriority } from "@malamar/proto/malamar/v1/task_pb";
import { Command } from "commander";
import { findOrOnlyWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { fileOption, keyOption, workspaceOption } from "#options/common.ts";
import { enumOption } from "#options/enum.ts";
import { textFrom } from "#options/text.ts";
import { given } from "#options/update.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { taskView } from "#views/task.ts";
import { waitForTask } from "./wait-for-task.ts";
import { printWaited, type WaitOptions, withWaitOptions } from "./wait-options.ts";

interface Options extends WaitOptions {
  workspace?: string;
  description?: string;
  file?: string;
  kind?: string;
  priority?: TaskPriority;
  hold?: TaskHold;
  idempotencyKey?: string;
  wait?: boolean;
}

export function createTask(io: Io): Command {
  const command = new Command("create")
    .description("Give a workspace's agents something to do")
    .argument("<summary>", "one line")
    .addOption(workspaceOption("which team; not needed when there is only one workspace"))
    .option("--description <text>", "markdown; - = standard input")
    .addOption(fileOption("the description"))
    .option("--kind <kind>", 'free label; "work" unless given')
    .addOption(enumOption("--priority <priority>", "how urgent", TaskPriority))
    .addOption(enumOption("--hold <hold>", "keep it out of the queue until the hold is taken away", TaskHold))
    .addOption(keyOption())
    .option("--wait", "show the progress on stderr and end when the task is in review");
  return withWaitOptions(command, "with --wait: ").action(async (summary: string, options: Options, self: Command) => {
    const session = openSession(io, self);
    const { malamar, print } = session;
    const description = await textFrom(io, options.description, options.file);
    const { id: workspaceId } = await findOrOnlyWorkspace(malamar, options.workspace);
    const { kind, priority, hold } = options;
    const idempotencyKey = options.idempotencyKey ?? io.newKey();
    const create = async () => {
      const { task } = await malamar.tasks.createTask({
        workspaceId,
        summary,
        idempotencyKey,
        ...given({ description, kind, priority, hold }),
      });
      return received(task);
    };
    if (options.wait !== true) {
      const task = await create();
      return await print.changed(taskView, task, `${task.key} created: ${task.summary}`);
    }
    const start = async () => {
      const task = await create();
      await session.note(`${task.key} created: ${task.summary}`);
      return task;
    };
    return await printWaited(session, await waitForTask(session, workspaceId, start, options));
  });
}
