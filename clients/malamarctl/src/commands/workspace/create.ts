import { Command } from "commander";
import type { Io } from "#io.ts";
import { keyOption } from "#options/common.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { workspaceView } from "#views/workspace.ts";
import { withWorkspaceOptions, type WorkspaceOptions, workspaceSettings } from "./options.ts";

interface Options extends WorkspaceOptions {
  idempotencyKey?: string;
}

export function createWorkspace(io: Io): Command {
  return withWorkspaceOptions(new Command("create").description("Make a workspace").argument("<title>", "what it is called"))
    .addOption(keyOption())
    .action(async (title: string, options: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { settings } = await workspaceSettings(io, options);
      const idempotencyKey = options.idempotencyKey ?? io.newKey();
      const workspace = received((await malamar.workspaces.createWorkspace({ title, ...settings, idempotencyKey })).workspace);
      await print.changed(workspaceView, workspace, `Workspace "${workspace.title}" created: ${workspace.id}`);
    });
}
