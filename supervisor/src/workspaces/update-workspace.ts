import { notFound, refuseViolations } from "#errors/problem.ts";
import { refuseOldVersion } from "#errors/refuse-old-version.ts";
import { appendEvent } from "#events/event-table.ts";
import type { Deps } from "#store/deps.ts";
import { freePrefix, prefixOf } from "./prefix.ts";
import { refuseTakenPrefix } from "./refuse-taken-prefix.ts";
import { findWorkspace, prefixTaken, saveWorkspace } from "./workspace-table.ts";
import { tidySettings, workspaceViolations, type TimeLimits, type Workspace, type WorkspaceSettings } from "./workspace.ts";

/** Settings to change; of the limits only those that are named. */
export type WorkspaceChanges = Partial<Omit<WorkspaceSettings, "limits">> & { limits?: Partial<TimeLimits> };

/** Changes settings; the next step of the workspace uses them, a running one keeps what it was given. */
export function updateWorkspace(
  { store, now: clock }: Pick<Deps, "store" | "now">,
  id: string,
  changes: WorkspaceChanges,
  expectedVersion?: number,
): Workspace {
  return store.transact((db) => {
    const now = clock();
    const workspace = findWorkspace(db, id);
    if (workspace === undefined || workspace.deleting) throw notFound("workspace", id);
    refuseOldVersion(workspace.version, expectedVersion);
    const { limits, ...rest } = tidySettings(changes);
    const next: Workspace = { ...workspace, ...rest, limits: { ...workspace.limits, ...limits } };
    if (changes.directoryMode === "temp" && changes.directoryPath === undefined) next.directoryPath = "";
    if (next.prefix === "") next.prefix = freePrefix(prefixOf(next.title), (prefix) => prefixTaken(db, prefix, id));
    // What nobody touched is not judged: a rule that a later version adds must not lock a workspace.
    const { directoryMode, directoryPath } = next;
    const touched = changes.directoryMode === undefined && changes.directoryPath === undefined ? {} : { directoryMode, directoryPath };
    refuseViolations(workspaceViolations({ ...rest, ...touched, ...(limits && { limits: next.limits }) }));
    refuseTakenPrefix(db, next.prefix, id);
    if (isSame(workspace, next)) return workspace;
    const changed = { ...next, version: workspace.version + 1, updatedAt: now, lastActivityAt: Math.max(workspace.lastActivityAt, now) };
    saveWorkspace(db, changed);
    appendEvent(db, { type: "workspace_changed", workspaceId: id }, now);
    return changed;
  });
}

function isSame(one: Workspace, other: Workspace): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
