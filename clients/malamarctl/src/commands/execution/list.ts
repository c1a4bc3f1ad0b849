import { Command, Option } from "commander";
import type { Malamar } from "@malamar/sdk";
import { findTask } from "#find/task.ts";
import { findOrOnlyWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { limitOption, workspaceOption } from "#options/common.ts";
import { readPages } from "#pages.ts";
import { openSession } from "#session.ts";
import { executionView, executionViewWithTasks } from "#views/execution.ts";

interface Options {
  task?: string;
  workspace?: string;
  limit: number;
}

export function listExecutions(io: Io): Command {
  return new Command("list")
    .description("List executions of a task or a workspace, newest first")
    .addOption(new Option("-t, --task <task>", "key or id").conflicts("workspace"))
    .addOption(workspaceOption("of all its tasks; not needed when there is only one workspace"))
    .addOption(limitOption(50))
    .action(async ({ task, workspace, limit }: Options, command: Command) => {
      const { malamar, print, note, format } = openSession(io, command);
      const of =
        task === undefined
          ? { workspaceId: (await findOrOnlyWorkspace(malamar, workspace)).id }
          : { taskId: (await findTask(malamar, task)).id };
      const { items, hasMore } = await readPages(
        limit,
        (page) => malamar.executions.listExecutions({ ...of, ...page }),
        (response) => response.executions,
      );
      const showsTasks = task === undefined && format === "table";
      const view = showsTasks ? executionViewWithTasks(await keysOf(malamar, new Set(items.map(({ taskId }) => taskId)))) : executionView;
      await print.list(view, items);
      if (hasMore && format === "table") await note(`These are the newest ${limit}; --limit 0 shows all.`);
    });
}

/** People know tasks by their keys. One that was deleted in this instant stays without. */
async function keysOf(malamar: Malamar, taskIds: ReadonlySet<string>): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  await Promise.all(
    [...taskIds].map(async (id) => {
      const { task } = await malamar.tasks.getTask({ id }).catch(() => ({ task: undefined }));
      if (task !== undefined) keys.set(id, task.key);
    }),
  );
  return keys;
}
