import type { Verb } from "#verb.ts";
import { cancelTask } from "./cancel.ts";
import { createTask } from "./create.ts";
import { deleteTask } from "./delete.ts";
import { explainTask } from "./explain.ts";
import { getTask } from "./get.ts";
import { listTasks } from "./list.ts";
import { moveTask } from "./move.ts";
import { prioritiseTask } from "./prioritise.ts";
import { restartTask } from "./restart.ts";
import { updateTask } from "./update.ts";
import { waitTask } from "./wait.ts";

export const taskVerbs: Verb[] = [
  listTasks,
  getTask,
  createTask,
  updateTask,
  deleteTask,
  moveTask,
  cancelTask,
  restartTask,
  prioritiseTask,
  explainTask,
  waitTask,
];
