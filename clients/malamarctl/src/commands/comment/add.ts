import { Command } from "commander";
import { usage } from "#exit-code.ts";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { fileOption, keyOption } from "#options/common.ts";
import { textFrom } from "#options/text.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";
import { commentView } from "#views/comment.ts";

interface Options {
  file?: string;
  idempotencyKey?: string;
}

export function addComment(io: Io): Command {
  return new Command("add")
    .description("Say something on a task; in review this starts work again, while it runs the next agent sees it")
    .argument("<task>", "key or id")
    .argument("[content]", "markdown; - = standard input")
    .addOption(fileOption("the content"))
    .addOption(keyOption())
    .action(async (text: string, argument: string | undefined, options: Options, command: Command) => {
      const { malamar, print } = openSession(io, command);
      const content = await textFrom(io, argument, options.file);
      if (content === undefined)
        throw usage("the comment is missing", "Give it as an argument, with --file <path>, or - for standard input.");
      const task = await findTask(malamar, text);
      const idempotencyKey = options.idempotencyKey ?? io.newKey();
      const { comment } = await malamar.tasks.createComment({ taskId: task.id, content, idempotencyKey });
      await print.changed(commentView, received(comment), `Comment added to ${task.key}.`);
    });
}
