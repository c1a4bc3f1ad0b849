import { TaskResolution, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { Argument, Command } from "commander";
import { usage } from "#exit-code.ts";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { enumOption, enumWord } from "#options/enum.ts";
import { given } from "#options/update.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { stateOf, taskView } from "#views/task.ts";

export function moveTask(io: Io): Command {
  return new Command("move")
    .description("Change the status of a task")
    .argument("<task>", "key or id")
    .addArgument(new Argument("<status>", "todo, in_review or done").argParser((text) => enumWord(text, TaskStatus)))
    .addOption(enumOption("--resolution <resolution>", "only with done; completed unless given", TaskResolution))
    .action(async (text: string, status: TaskStatus, { resolution }: { resolution?: TaskResolution }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      if (resolution !== undefined && status !== TaskStatus.DONE) throw usage("--resolution goes with done only", "Leave it out.");
      const id = await taskId(malamar, text);
      const task = received((await malamar.tasks.moveTask({ id, status, ...given({ resolution }) })).task);
      await print.changed(taskView, task, `${task.key} is ${stateOf(task)}.`);
    });
}
