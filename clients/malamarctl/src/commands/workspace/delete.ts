import { DeleteWorkspaceResponseSchema } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { Command } from "commander";
import { findWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { yesOption } from "#options/common.ts";
import { confirm } from "#options/confirm.ts";
import { deletedSentence } from "#output/deleted.ts";
import { jsonOf } from "#output/json.ts";
import { openSession } from "#session.ts";

export function deleteWorkspace(io: Io): Command {
  return new Command("delete")
    .description("Stop what runs in a workspace, then remove it with all its agents and tasks")
    .argument("<workspace>", "id, title or key prefix")
    .addOption(yesOption())
    .action(async (text: string, { yes }: { yes?: boolean }, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const { id, title, taskCounts } = await findWorkspace(malamar, text);
      const count = (taskCounts?.todo ?? 0) + (taskCounts?.inProgress ?? 0) + (taskCounts?.inReview ?? 0) + (taskCounts?.done ?? 0);
      await confirm(io, `Delete the workspace "${title}" with its ${count} tasks? This cannot be undone.`, yes);
      const response = await malamar.workspaces.deleteWorkspace({ id });
      const sentence = deletedSentence(`Workspace "${title}"`, response.deleted);
      await print.said(sentence, jsonOf(DeleteWorkspaceResponseSchema, response), id);
    });
}
