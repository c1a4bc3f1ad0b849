import type { Verb } from "#verb.ts";
import { listActivities } from "./list.ts";

export const activityVerbs: Verb[] = [listActivities];
