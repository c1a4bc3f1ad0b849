import type { Verb } from "#verb.ts";
import { getExecution } from "./get.ts";
import { listExecutions } from "./list.ts";

export const executionVerbs: Verb[] = [listExecutions, getExecution];
