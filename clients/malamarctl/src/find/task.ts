import type { Task } from "@malamar/proto/malamar/v1/task_pb";
import type { Malamar } from "@malamar/sdk";
import { EXIT, Failure } from "#exit-code.ts";
import { isId, isTaskKey } from "./id.ts";

/** Finds a task by its id or its key; a key may be typed in lower case. */
export async function findTask(malamar: Malamar, text: string): Promise<Task> {
  const { task } = await malamar.tasks.getTask({ id: isTaskKey(text) ? text.toUpperCase() : text });
  if (task === undefined) throw new Failure(EXIT.notFound, `there is no task "${text}"`);
  return task;
}

/** The id alone, without a call when it is one already. */
export async function taskId(malamar: Malamar, text: string): Promise<string> {
  return isId(text) ? text : (await findTask(malamar, text)).id;
}
