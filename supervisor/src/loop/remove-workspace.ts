import { appendEvent } from "#events/event-table.ts";
import { removeWorkspace as removeRow } from "#workspaces/workspace-table.ts";
import type { LoopContext } from "./deps.ts";
import { forgetPause } from "./pause-table.ts";
import { noteRemovals } from "./remove-task.ts";

/** Deletes a workspace of which nothing lives any more, with everything in it. */
export function removeWorkspace({ db, now }: LoopContext, workspaceId: string): void {
  noteRemovals(db, "workspace_id", workspaceId, now);
  removeRow(db, workspaceId);
  forgetPause(db, "workspace", workspaceId);
  appendEvent(db, { type: "workspace_deleted", workspaceId }, now);
}
