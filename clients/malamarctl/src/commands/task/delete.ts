import { DeleteTaskResponseSchema } from "@malamar/proto/malamar/v1/task_service_pb";
import { Command } from "commander";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { yesOption } from "#options/common.ts";
import { confirm } from "#options/confirm.ts";
import { deletedSentence } from "#output/deleted.ts";
import { jsonOf } from "#output/json.ts";
import { openSession } from "#session.ts";

export function deleteTask(io: Io): Command {
  return new Command("delete")
    .description("Stop what runs for a task, then remove it")
    .argument("<task>", "key or id")
    .addOption(yesOption())
    .action(async (text: string, { yes }: { yes?: boolean }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { id, key, summary } = await findTask(malamar, text);
      await confirm(io, `Delete ${key} "${summary}"? This cannot be undone.`, yes);
      const response = await malamar.tasks.deleteTask({ id });
      await print.said(deletedSentence(key, response.deleted), jsonOf(DeleteTaskResponseSchema, response), key);
    });
}
