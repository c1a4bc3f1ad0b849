import { liveExecutions } from "#executions/execution-table.ts";
import type { Db } from "#store/open-db.ts";

/** By task, the execution of it that has not ended. One query for a whole list: few are live, whatever the number of tasks. */
export function liveExecutionIds(db: Db): Map<string, string> {
  return new Map(liveExecutions(db).map((execution) => [execution.taskId, execution.id]));
}
