import { liveExecutionsOfRunner, saveExecution } from "#executions/execution-table.ts";
import { become } from "#executions/execution.ts";
import type { Deps } from "#store/deps.ts";

/**
 * A runner that connects says which executions it holds. One that was started and that it does not hold is lost, as is
 * everything of an earlier boot: nothing of it is ended before it is proven dead. A lease that never reached the runner is
 * not lost: its request for credit comes again and gets the same order.
 */
export function loseUnheld(
  { store, now }: Pick<Deps, "store" | "now">,
  { id, boot }: { id: string; boot: number },
  heldIds: ReadonlySet<string>,
): void {
  store.transact((db) => {
    for (const execution of liveExecutionsOfRunner(db, id)) {
      const underWay = execution.state === "leased" && execution.boot === boot;
      if (heldIds.has(execution.id) || underWay || execution.state === "reaping") continue;
      saveExecution(db, become(execution, "reaping"), now());
    }
  });
}
