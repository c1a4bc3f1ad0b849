import type { Verb } from "#verb.ts";
import { createWorkspace } from "./create.ts";
import { deleteWorkspace } from "./delete.ts";
import { getWorkspace } from "./get.ts";
import { listWorkspaces } from "./list.ts";
import { updateWorkspace } from "./update.ts";

export const workspaceVerbs: Verb[] = [listWorkspaces, getWorkspace, createWorkspace, updateWorkspace, deleteWorkspace];
