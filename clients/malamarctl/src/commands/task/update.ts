import { TaskHold, TaskPriority } from "@malamar/proto/malamar/v1/task_pb";
import { Command } from "commander";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { fileOption } from "#options/common.ts";
import { enumOption } from "#options/enum.ts";
import { wholeBigint } from "#options/number.ts";
import { textFrom } from "#options/text.ts";
import { given, updateMask } from "#options/update.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { taskView } from "#views/task.ts";

interface Options {
  summary?: string;
  description?: string;
  file?: string;
  kind?: string;
  priority?: TaskPriority;
  hold?: TaskHold;
  expectedVersion?: bigint;
}

export function updateTask(io: Io): Command {
  return new Command("update")
    .description("Change what a task says or how urgent it is; what is not given stays")
    .argument("<task>", "key or id")
    .option("--summary <summary>", "one line")
    .option("--description <text>", "markdown; - = standard input")
    .addOption(fileOption("the description"))
    .option("--kind <kind>", "free label")
    .addOption(enumOption("--priority <priority>", "how urgent", TaskPriority))
    .addOption(enumOption("--hold <hold>", "keep it out of the queue, or let it in again with none", TaskHold))
    .option("--expected-version <version>", "refuse when somebody else changed it since this version", wholeBigint)
    .action(async (text: string, options: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { summary, kind, priority, hold, expectedVersion } = options;
      const description = await textFrom(io, options.description, options.file);
      const changes = { summary, description, kind, priority, hold };
      const mask = updateMask(changes);
      const id = await taskId(malamar, text);
      const response = await malamar.tasks.updateTask({ task: { id, ...given(changes) }, updateMask: mask, ...given({ expectedVersion }) });
      const task = received(response.task);
      await print.changed(taskView, task, `${task.key} changed: ${mask.paths.join(", ")}`);
    });
}
