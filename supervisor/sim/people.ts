import { newestEventSeq } from "#events/event-table.ts";
import { Problem } from "#errors/problem.ts";
import { addComment } from "#loop/add-comment.ts";
import { cancelTask } from "#loop/cancel-task.ts";
import { deleteTask } from "#loop/delete-task.ts";
import { moveTask } from "#loop/move-task.ts";
import { restartTask } from "#loop/restart-task.ts";
import { createTask } from "#tasks/create-task.ts";
import { listTasks } from "#tasks/task-table.ts";
import { updateTask } from "#tasks/update-task.ts";
import type { Brain } from "./brain.ts";
import type { Dice } from "./dice.ts";

/** Something a person did and got an answer to: whatever happens, it must hold. */
export interface Act {
  kind: "create" | "comment" | "edit" | "cancel" | "move" | "done" | "todo" | "restart" | "delete";
  taskId: string;
  /** Newest event when it was committed. */
  seq: number;
  time: number;
}

/** A person in front of a screen, who does something or other. Acts count when they are durable. */
export async function actOnce(brain: Brain, dice: Dice, workspaceIds: readonly string[], acts: Act[], calm: boolean): Promise<void> {
  const { deps } = brain;
  const { store } = deps;
  const task = dice.pick(listTasks(store.reader, { statuses: [], limit: 50 }));
  const workspaceId = dice.pick(workspaceIds) as string;
  const kind = calm || task === undefined ? "create" : choose(dice.roll());
  let taskId = task?.id ?? "";
  const request = { workspaceId, summary: "Something to do", description: "", kind: "work", priority: "normal", hold: "none" } as const;
  let seq = 0;
  try {
    store.transact((db) => {
      if (kind === "create") taskId = createTask(deps, request).id;
      else VERBS[kind](brain, taskId, dice);
      seq = newestEventSeq(db);
    });
  } catch (error) {
    if (error instanceof Problem) return;
    if (!brain.up()) return;
    throw error;
  }
  await store.durable().then(
    () => void acts.push({ kind, taskId, seq, time: deps.now() }),
    () => {},
  );
}

function choose(roll: number): Act["kind"] {
  const odds: [Act["kind"], number][] = [
    ["comment", 0.45],
    ["create", 0.15],
    ["cancel", 0.1],
    ["edit", 0.06],
    ["todo", 0.06],
    ["restart", 0.05],
    ["move", 0.04],
    ["done", 0.04],
    ["delete", 0.05],
  ];
  let sum = 0;
  for (const [kind, odd] of odds) if (roll < (sum += odd)) return kind;
  return "comment";
}

const VERBS: Record<Exclude<Act["kind"], "create">, (brain: Brain, taskId: string, dice: Dice) => unknown> = {
  comment: ({ deps }, taskId) => addComment(deps, { taskId, content: "And another thing." }),
  edit: ({ deps }, taskId, dice) => updateTask(deps, taskId, { description: `Version ${dice.roll()}` }),
  cancel: ({ deps }, taskId) => cancelTask(deps, taskId),
  move: ({ deps }, taskId) => moveTask(deps, taskId, "in_review"),
  done: ({ deps }, taskId) => moveTask(deps, taskId, "done"),
  todo: ({ deps }, taskId) => moveTask(deps, taskId, "todo"),
  restart: ({ deps }, taskId) => restartTask(deps, taskId),
  delete: ({ deps }, taskId) => deleteTask(deps, taskId),
};
