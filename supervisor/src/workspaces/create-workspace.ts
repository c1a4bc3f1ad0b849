import { refuseViolations } from "#errors/problem.ts";
import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { freePrefix, prefixOf } from "./prefix.ts";
import { refuseTakenPrefix } from "./refuse-taken-prefix.ts";
import { insertWorkspace, prefixTaken } from "./workspace-table.ts";
import { tidySettings, workspaceViolations, type Workspace, type WorkspaceSettings } from "./workspace.ts";

/** Opens a workspace without agents. An empty prefix is made from the title. */
export function createWorkspace({ store, now: clock, newId }: Deps, request: WorkspaceSettings): Workspace {
  const settings = tidySettings(request);
  refuseViolations(workspaceViolations(settings));
  return store.transact((db) => {
    const now = clock();
    const id = newId();
    if (settings.prefix === "") settings.prefix = freePrefix(prefixOf(settings.title), (prefix) => prefixTaken(db, prefix, id));
    refuseTakenPrefix(db, settings.prefix, id);
    const workspace: Workspace = {
      ...settings,
      id,
      deleting: false,
      lastTaskId: "",
      counts: { todo: 0, in_progress: 0, in_review: 0, done: 0 },
      version: 1,
      createdAt: now,
      updatedAt: now,
      lastActivityAt: now,
    };
    insertWorkspace(db, workspace);
    appendEvent(db, { type: "workspace_changed", workspaceId: id }, now);
    return workspace;
  });
}
