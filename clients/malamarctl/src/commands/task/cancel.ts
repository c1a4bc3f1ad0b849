import { Command } from "commander";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { stateOf, taskView } from "#views/task.ts";

export function cancelTask(io: Io): Command {
  return new Command("cancel")
    .description("Stop a task's run and put it in review, where it stays until a person acts again")
    .argument("<task>", "key or id")
    .action(async (text: string, _options: object, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const task = received((await malamar.tasks.cancelTask({ id: await taskId(malamar, text) })).task);
      await print.changed(taskView, task, `${task.key} is ${stateOf(task)}.`);
    });
}
