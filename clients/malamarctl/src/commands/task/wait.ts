import { Command } from "commander";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { openSession } from "#session.ts";
import { waitForTask } from "./wait-for-task.ts";
import { printWaited, type WaitOptions, withWaitOptions } from "./wait-options.ts";

export function waitTask(io: Io): Command {
  const command = new Command("wait")
    .description("Show a task's progress on stderr and end when it is in review")
    .argument("<task>", "key or id");
  return withWaitOptions(command, "").action(async (text: string, options: WaitOptions, self: Command) => {
    const session = openSession(io, self);
    const { id, workspaceId } = await findTask(session.malamar, text);
    await printWaited(session, await waitForTask(session, workspaceId, () => findTask(session.malamar, id), options));
  });
}
