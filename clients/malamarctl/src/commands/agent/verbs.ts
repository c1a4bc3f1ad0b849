import type { Verb } from "#verb.ts";
import { createAgent } from "./create.ts";
import { deleteAgent } from "./delete.ts";
import { getAgent } from "./get.ts";
import { listAgents } from "./list.ts";
import { reorderAgents } from "./reorder.ts";
import { updateAgent } from "./update.ts";

export const agentVerbs: Verb[] = [listAgents, getAgent, createAgent, updateAgent, deleteAgent, reorderAgents];
