import { Command } from "commander";
import type { Io } from "#io.ts";
import { limitOption } from "#options/common.ts";
import { readPages } from "#pages.ts";
import { openSession } from "#session.ts";
import { workspaceView } from "#views/workspace.ts";

export function listWorkspaces(io: Io): Command {
  return new Command("list")
    .description("List workspaces, the most recently active first")
    .addOption(limitOption(0))
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { items } = await readPages(
        limit,
        (page) => malamar.workspaces.listWorkspaces(page),
        (response) => response.workspaces,
      );
      await print.list(workspaceView, items);
    });
}
