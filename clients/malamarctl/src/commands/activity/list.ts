import { Command } from "commander";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { limitOption } from "#options/common.ts";
import { wholeNumber } from "#options/number.ts";
import { readPages } from "#pages.ts";
import { openSession } from "#session.ts";
import { activityView } from "#views/activity.ts";

interface Options {
  limit: number;
  last?: number;
}

export function listActivities(io: Io): Command {
  return new Command("list")
    .description("Show a task's history, oldest first")
    .argument("<task>", "key or id")
    .addOption(limitOption(0))
    .option("--last <count>", "only so many of the newest", wholeNumber)
    .action(async (text: string, { limit, last }: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const id = await taskId(malamar, text);
      const { items } = await readPages(
        limit,
        (page) => malamar.tasks.listActivities({ taskId: id, ...page }),
        (response) => response.activities,
      );
      await print.list(activityView, last === undefined ? items : items.slice(Math.max(0, items.length - last)));
    });
}
