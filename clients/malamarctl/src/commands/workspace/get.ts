import { Command } from "commander";
import { findWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { openSession } from "#session.ts";
import { workspaceView } from "#views/workspace.ts";

export function getWorkspace(io: Io): Command {
  return new Command("get")
    .description("Show one workspace")
    .argument("<workspace>", "id, title or key prefix")
    .action(async (text: string, _options: object, command: Command) => {
      const { malamar, print } = openSession(io, command);
      await print.one(workspaceView, await findWorkspace(malamar, text));
    });
}
