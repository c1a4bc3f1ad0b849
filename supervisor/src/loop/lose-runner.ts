import { liveExecutionsOfRunner, saveExecution } from "#executions/execution-table.ts";
import { become } from "#executions/execution.ts";
import type { Deps } from "#store/deps.ts";

/** A process that has to be proven dead; pid 0 = it was never reported. */
export interface ReapTarget {
  executionId: string;
  pid: number;
  pidStartTicks: number;
}

/** A runner is gone. What it carried is not ended before somebody proved that nothing of it lives any more. */
export function loseRunner({ store, now: clock }: Pick<Deps, "store" | "now">, runnerId: string): ReapTarget[] {
  return store.transact((db) =>
    liveExecutionsOfRunner(db, runnerId).map((execution) => {
      if (execution.state !== "reaping") saveExecution(db, become(execution, "reaping"), clock());
      return { executionId: execution.id, pid: execution.pid, pidStartTicks: execution.pidStartTicks };
    }),
  );
}
