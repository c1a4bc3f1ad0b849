import { Command, Option } from "commander";
import { findWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { wholeBigint } from "#options/number.ts";
import { given, updateMask } from "#options/update.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { workspaceView } from "#views/workspace.ts";
import { withWorkspaceOptions, type WorkspaceOptions, workspaceSettings } from "./options.ts";

interface Options extends WorkspaceOptions {
  title?: string;
  pause?: boolean;
  resume?: boolean;
  expectedVersion?: bigint;
}

export function updateWorkspace(io: Io): Command {
  const command = new Command("update")
    .description("Change settings of a workspace; what is not given stays")
    .argument("<workspace>", "id, title or key prefix");
  return withWorkspaceOptions(command.option("--title <title>", "what it is called"))
    .option("--pause", "start no new step; a running one goes on")
    .addOption(new Option("--resume", "start steps again").conflicts("pause"))
    .option("--expected-version <version>", "refuse when somebody else changed it since this version", wholeBigint)
    .action(async (text: string, options: Options, self: Command) => {
      const { malamar, print } = openSession(io, self);
      const { settings, mask, limitPaths } = await workspaceSettings(io, options);
      const { title, expectedVersion } = options;
      const paused = options.pause === true ? true : options.resume === true ? false : undefined;
      const changes = updateMask({ title, paused, ...mask }, limitPaths);
      const { id } = await findWorkspace(malamar, text);
      const response = await malamar.workspaces.updateWorkspace({
        workspace: { id, ...settings, ...given({ title, paused }) },
        updateMask: changes,
        ...given({ expectedVersion }),
      });
      const workspace = received(response.workspace);
      await print.changed(workspaceView, workspace, `Workspace "${workspace.title}" changed: ${changes.paths.join(", ")}`);
    });
}
