import type { Execution } from "@malamar/proto/malamar/v1/execution_pb";
import type { System } from "@malamar/proto/malamar/v1/system_service_pb";
import { type Task, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import type { Explanation } from "@malamar/proto/malamar/v1/task_service_pb";
import type { Workspace } from "@malamar/proto/malamar/v1/workspace_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem } from "@malamar/sdk/problem";
import { readPages } from "#pages.ts";
import { received } from "#received.ts";

export interface Status {
  system: System;
  workspaces: Workspace[];
  running: { task: Task; execution: Execution }[];
  waiting: { task: Task; explanation: Explanation | undefined }[];
  review: Task[];
}

/** Every waiting task costs a question; beyond so many a list of them is no overview any more. */
const EXPLAINED = 50;

/** What the installation does, and what it waits for. */
export async function readStatus(malamar: Malamar): Promise<Status> {
  const system = received((await malamar.system.getSystem({})).system);
  const [{ items: workspaces }, { items: tasks }] = await Promise.all([
    readPages(
      0,
      (page) => malamar.workspaces.listWorkspaces(page),
      (response) => response.workspaces,
    ),
    readPages(
      0,
      (page) => malamar.tasks.listTasks({ statuses: [TaskStatus.IN_PROGRESS, TaskStatus.TODO, TaskStatus.IN_REVIEW], ...page }),
      (response) => response.tasks,
    ),
  ]);
  const lives = await Promise.all(
    tasks
      .filter(({ liveExecutionId }) => liveExecutionId !== "")
      .map(async (task) => {
        const answer = await unlessGone(malamar.executions.getExecution({ id: task.liveExecutionId }));
        return answer?.execution === undefined ? [] : [{ task, execution: answer.execution }];
      }),
  );
  const waits = tasks.filter(({ liveExecutionId, status }) => liveExecutionId === "" && status !== TaskStatus.IN_REVIEW);
  const waiting = await Promise.all(
    waits.map(async (task, index) => {
      const answer = index < EXPLAINED ? await unlessGone(malamar.tasks.explainTask({ id: task.id })) : undefined;
      return { task, explanation: answer?.explanation };
    }),
  );
  const review = tasks.filter(({ liveExecutionId, status }) => liveExecutionId === "" && status === TaskStatus.IN_REVIEW);
  return { system, workspaces, running: lives.flat(), waiting, review };
}

/** What was deleted between two questions is not worth an error. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (toProblem(error).kind === "not_found") return undefined;
    throw error;
  }
}
