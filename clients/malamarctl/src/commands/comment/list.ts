import { Command } from "commander";
import { jsonOf } from "#output/json.ts";
import { taskId } from "#find/task.ts";
import type { Io } from "#io.ts";
import { limitOption } from "#options/common.ts";
import { wholeNumber } from "#options/number.ts";
import { readPages } from "#pages.ts";
import { openSession } from "#session.ts";
import { commentView, conversation } from "#views/comment.ts";

interface Options {
  limit: number;
  last?: number;
}

export function listComments(io: Io): Command {
  return new Command("list")
    .description("Show what was said on a task, oldest first")
    .argument("<task>", "key or id")
    .addOption(limitOption(0))
    .option("--last <count>", "only so many of the newest", wholeNumber)
    .action(async (text: string, { limit, last }: Options, command: Command) => {
      const { malamar, print, look, format } = openSession(io, command);
      const id = await taskId(malamar, text);
      const { items } = await readPages(
        limit,
        (page) => malamar.tasks.listComments({ taskId: id, ...page }),
        (response) => response.comments,
      );
      const comments = last === undefined ? items : items.slice(Math.max(0, items.length - last));
      if (format !== "table" || comments.length === 0) return await print.list(commentView, comments);
      return await print.value(
        comments.map((comment) => jsonOf(commentView.schema, comment)),
        () => conversation(comments, look()),
      );
    });
}
