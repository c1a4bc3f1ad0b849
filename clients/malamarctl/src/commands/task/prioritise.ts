import { Command } from "commander";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { taskView } from "#views/task.ts";

export function prioritiseTask(io: Io): Command {
  return new Command("prioritise")
    .alias("prioritize")
    .description("Pin a task as the one that goes first in its workspace")
    .argument("<task>", "key or id")
    .option("--unpin", "take the pin away")
    .action(async (text: string, { unpin = false }: { unpin?: boolean }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const id = await taskId(malamar, text);
      const task = received((await malamar.tasks.prioritiseTask({ id, pinned: !unpin })).task);
      await print.changed(taskView, task, task.pinned ? `${task.key} goes first.` : `${task.key} is not pinned any more.`);
    });
}
