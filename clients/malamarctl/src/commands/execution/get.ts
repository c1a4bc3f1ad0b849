import { Command } from "commander";
import type { Io } from "#io.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { executionView } from "#views/execution.ts";

export function getExecution(io: Io): Command {
  return new Command("get")
    .description("Show one execution: how it ended, what the agent answered, what it used")
    .argument("<execution>", "id")
    .action(async (id: string, _options: object, command: Command) => {
      const { malamar, print } = openSession(io, command);
      await print.one(executionView, received((await malamar.executions.getExecution({ id })).execution));
    });
}
