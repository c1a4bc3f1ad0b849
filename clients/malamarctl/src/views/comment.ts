import { type Comment, CommentSchema } from "@malamar/proto/malamar/v1/task_pb";
import { cleanLine, cleanText } from "#output/clean.ts";
import { type Look, paint } from "#output/look.ts";
import type { View } from "#output/print.ts";
import { exactly, relative } from "#output/time.ts";
import { nameOf } from "./actor.ts";

export const commentView: View<Comment> = {
  schema: CommentSchema,
  plural: "comments",
  name: ({ id }) => id,
  columns: [
    { title: "AUTHOR", value: ({ author }) => nameOf(author) },
    { title: "CREATED", value: ({ createdAt }, { now }) => relative(createdAt, now) },
    { title: "CONTENT", value: ({ content }) => content, flexible: true },
  ],
  fields: (comment, { now }) => [
    { title: "Author", value: nameOf(comment.author) },
    { title: "Created", value: exactly(comment.createdAt, now) },
  ],
  sections: ({ content }) => [{ title: "Content", text: content }],
};

/** Comments are read like a conversation, not like a table. */
export function conversation(comments: readonly Comment[], look: Look): string {
  const blocks = comments.map((comment) => {
    const repeated = comment.count > 1 ? `, ${comment.count} times` : "";
    const head = `${paint(look, "bold", cleanLine(nameOf(comment.author)))}${paint(look, "dim", `, ${exactly(comment.createdAt, look.now)}${repeated}`)}`;
    return `${head}\n${cleanText(comment.content).trimEnd()}\n`;
  });
  return blocks.join("\n");
}
