import { Command } from "commander";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { stateOf, taskView } from "#views/task.ts";

export function restartTask(io: Io): Command {
  return new Command("restart")
    .description("Give up a task's present run, if any, and start again at the first agent")
    .argument("<task>", "key or id")
    .action(async (text: string, _options: object, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const task = received((await malamar.tasks.restartTask({ id: await taskId(malamar, text) })).task);
      await print.changed(taskView, task, `${task.key} starts again: ${stateOf(task)}.`);
    });
}
