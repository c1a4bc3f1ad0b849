import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { Command } from "commander";
import { findWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { limitOption, workspaceOption } from "#options/common.ts";
import { enumListOption } from "#options/enum.ts";
import { readPages } from "#pages.ts";
import { openSession } from "#session.ts";
import { taskView } from "#views/task.ts";

interface Options {
  workspace?: string;
  status?: TaskStatus[];
  limit: number;
}

export function listTasks(io: Io): Command {
  return new Command("list")
    .description("List tasks, the latest update first")
    .addOption(workspaceOption("only of this workspace"))
    .addOption(enumListOption("-s, --status <statuses>", "only in these statuses", TaskStatus))
    .addOption(limitOption(50))
    .action(async ({ workspace, status = [], limit }: Options, command: Command) => {
      const { malamar, print, note, format } = openSession(io, command);
      const workspaceId = workspace === undefined ? "" : (await findWorkspace(malamar, workspace)).id;
      const { items, hasMore } = await readPages(
        limit,
        (page) => malamar.tasks.listTasks({ workspaceId, statuses: status, ...page }),
        (response) => response.tasks,
      );
      await print.list(taskView, items);
      if (hasMore && format === "table") await note(`These are the latest ${limit}; --limit 0 shows all.`);
    });
}
