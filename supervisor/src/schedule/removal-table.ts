import type { Db } from "#store/open-db.ts";
import { statement } from "#store/statement.ts";

/** Files of something deleted, still to be removed. */
export interface Removal {
  kind: "execution" | "task";
  id: string;
}

export function oldestRemovals(db: Db, limit: number): Removal[] {
  return statement(db, "SELECT kind, id FROM removals ORDER BY created_at LIMIT ?").all(limit) as Removal[];
}

export function forgetRemoval(db: Db, { kind, id }: Removal): void {
  statement(db, "DELETE FROM removals WHERE kind = ? AND id = ?").run(kind, id);
}
