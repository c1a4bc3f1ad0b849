import type { Execution } from "@malamar/proto/malamar/v1/execution_pb";
import { type Task, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { toProblem } from "@malamar/sdk/problem";
import { watchEvents, type WatchMessage } from "@malamar/sdk/watch";
import type { Session } from "#session.ts";

/** The live or latest execution of a task and, while following, every later one until the task has come to rest. */
export async function* executionsOf(session: Session, task: Task, follow: boolean): AsyncGenerator<Execution, void> {
  const { malamar, note, io } = session;
  const { executions } = await malamar.executions.listExecutions({ taskId: task.id, pageSize: 1 });
  let [last] = executions;
  if (last !== undefined) yield last;
  else if (!follow || isAtRest(task)) return await note(`${task.key} has not been worked on yet.`);
  while (follow && !io.signal.aborted) {
    const next = await nextExecutions(session, task, last);
    if (next === undefined) return;
    for (const execution of next) yield (last = execution);
  }
}

/** Waits for executions that began after the last one; undefined when none will come by itself. */
async function nextExecutions(session: Session, task: Task, last: Execution | undefined): Promise<Execution[] | undefined> {
  const { malamar, io, note, onConnection } = session;
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  // Watching begins before reading, so that no change falls between the two.
  const stream = watchEvents(malamar.events, { workspaceId: task.workspaceId, signal, onConnection });
  try {
    for await (const message of stream) {
      if (!concerns(message, task.id)) continue;
      // First whether it is at rest, then what ran: the other way round a whole turn would fit in between unseen.
      const now = await present(session, task.id);
      const newer = now === undefined ? [] : await newerThan(session, task.id, last);
      if (newer.length > 0) return newer;
      if (now !== undefined && !isAtRest(now)) continue;
      await note(now === undefined ? `${task.key} was deleted.` : `${task.key} is at rest: nothing of it runs or waits.`);
      return undefined;
    }
    return undefined;
  } finally {
    stop.abort();
  }
}

/** A message without events may stand for anything, the first one for what was before. */
function concerns(message: WatchMessage, taskId: string): boolean {
  return message.kind !== "events" || message.events.length === 0 || message.events.some((event) => event.taskId === taskId);
}

/** Oldest first. Reads no further back than the last one, however long the task's past is. */
async function newerThan({ malamar }: Session, taskId: string, last: Execution | undefined): Promise<Execution[]> {
  const newer: Execution[] = [];
  let pageToken = "";
  do {
    const page = await malamar.executions.listExecutions({ taskId, pageToken });
    const index = page.executions.findIndex(({ id }) => id === last?.id);
    if (index !== -1) return [...newer, ...page.executions.slice(0, index)].toReversed();
    newer.push(...page.executions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return newer.toReversed();
}

async function present({ malamar }: Session, id: string): Promise<Task | undefined> {
  try {
    return (await malamar.tasks.getTask({ id })).task;
  } catch (error) {
    if (toProblem(error).kind === "not_found") return undefined;
    throw error;
  }
}

function isAtRest({ status, liveExecutionId }: Task): boolean {
  return (status === TaskStatus.IN_REVIEW || status === TaskStatus.DONE) && liveExecutionId === "";
}
