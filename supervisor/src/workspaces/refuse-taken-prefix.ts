import { Problem } from "#errors/problem.ts";
import type { Db } from "#store/open-db.ts";
import { prefixTaken } from "./workspace-table.ts";

/** Two workspaces with one prefix would have tasks of one key. */
export function refuseTakenPrefix(db: Db, prefix: string, workspaceId: string): void {
  if (!prefixTaken(db, prefix, workspaceId)) return;
  throw new Problem(
    "conflict",
    "prefix_taken",
    `Another workspace has the prefix ${prefix}; nothing was changed.`,
    "Choose another prefix, or leave it empty when creating a workspace and one is made from the title.",
    [{ field: "prefix", description: "is taken by another workspace" }],
  );
}
