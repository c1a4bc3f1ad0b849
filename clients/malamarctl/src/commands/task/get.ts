import { Command } from "commander";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { taskView } from "#views/task.ts";

export function getTask(io: Io): Command {
  return new Command("get")
    .description("Show one task and what it is doing or waiting for")
    .argument("<task>", "key or id")
    .action(async (text: string, _options: object, command: Command) => {
      const { malamar, print, format } = openSession(io, command);
      const task = await findTask(malamar, text);
      if (format !== "table") return await print.one(taskView, task);
      const { sentence } = received((await malamar.tasks.explainTask({ id: task.id })).explanation);
      return await print.one(
        { ...taskView, fields: (item, look) => [...taskView.fields(item, look), { title: "Now", value: sentence }] },
        task,
      );
    });
}
