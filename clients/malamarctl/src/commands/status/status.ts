import { Command } from "commander";
import { ExplanationSchema } from "@malamar/proto/malamar/v1/task_service_pb";
import { SystemSchema } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Io } from "#io.ts";
import { jsonOf } from "#output/json.ts";
import { openSession } from "#session.ts";
import { executionView } from "#views/execution.ts";
import { taskView } from "#views/task.ts";
import { readStatus } from "./read-status.ts";
import { statusText } from "./status-text.ts";

export function status(io: Io): Command {
  return new Command("status").action(async (_options: object, command: Command) => {
    const { malamar, print, look, url } = openSession(io, command);
    const now = await readStatus(malamar);
    await print.value(
      {
        url,
        system: jsonOf(SystemSchema, now.system),
        running: now.running.map(({ task, execution }) => ({
          task: jsonOf(taskView.schema, task),
          execution: jsonOf(executionView.schema, execution),
        })),
        waiting: now.waiting.map(({ task, explanation }) => ({
          task: jsonOf(taskView.schema, task),
          explanation: explanation === undefined ? null : jsonOf(ExplanationSchema, explanation),
        })),
        review: now.review.map((task) => jsonOf(taskView.schema, task)),
      },
      () => statusText(now, url, look()),
      url,
    );
  });
}
