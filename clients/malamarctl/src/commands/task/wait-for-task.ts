import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Task } from "@malamar/proto/malamar/v1/task_pb";
import { toProblem } from "@malamar/sdk/problem";
import { watchEvents } from "@malamar/sdk/watch";
import { EXIT, Failure } from "#exit-code.ts";
import { findTask } from "#find/task.ts";
import type { Session } from "#session.ts";
import { createProgress } from "./progress.ts";
import type { WaitOptions } from "./wait-options.ts";
import { afterEvent, verdictOf } from "./wait-verdict.ts";

/** Follows one task over the event stream until there is nothing more to wait for. Watches first, then starts, so that nothing is missed. */
export async function waitForTask(
  session: Session,
  workspaceId: string,
  start: () => Promise<Task>,
  { until, timeout }: WaitOptions,
): Promise<Task> {
  const { malamar, io, onConnection } = session;
  const timeUp = new AbortController();
  const timer = timeout === undefined ? undefined : setTimeout(() => timeUp.abort(), timeout * 1000);
  const signal = AbortSignal.any([io.signal, timeUp.signal]);
  try {
    const stream = watchEvents(malamar.events, { workspaceId, signal, onConnection });
    await stream.next();
    if (signal.aborted) throw gaveUp(undefined, timeout, io.signal.aborted);
    let task = await start();
    const progress = createProgress(session, task);
    await progress.whyNot();
    while (verdictOf(task, until) === "goes on") {
      const { value: message } = await stream.next();
      if (message === undefined) throw gaveUp(task, timeout, io.signal.aborted);
      if (message.kind === "resync") task = await again(session, task);
      const events = message.kind === "events" ? message.events : [];
      for (const event of events.filter(({ taskId }) => taskId === task.id)) {
        if (event.type === EventType.TASK_DELETED) throw deleted(task);
        task = afterEvent(task, event);
        await progress.say(event);
      }
      const isQuiet = message.kind === "heartbeat" || events.some(({ type }) => type === EventType.SYSTEM_CHANGED);
      if (isQuiet && verdictOf(task, until) === "goes on") await progress.whyNot();
    }
    return task;
  } finally {
    clearTimeout(timer);
    // Closes the event stream.
    timeUp.abort();
  }
}

async function again({ malamar }: Session, task: Task): Promise<Task> {
  try {
    return await findTask(malamar, task.id);
  } catch (error) {
    throw toProblem(error).kind === "not_found" ? deleted(task) : error;
  }
}

function deleted({ key }: Task): Failure {
  return new Failure(EXIT.notFound, `${key} was deleted while we waited for it`);
}

function gaveUp(task: Task | undefined, timeout: number | undefined, isInterrupted: boolean): Failure {
  const kept = task === undefined ? "Nothing was started." : `${task.key} goes on; look with: malamarctl task get ${task.key}`;
  return isInterrupted
    ? new Failure(EXIT.interrupted, "stopped waiting", kept)
    : new Failure(EXIT.timeout, `not there after ${timeout} seconds`, kept);
}
