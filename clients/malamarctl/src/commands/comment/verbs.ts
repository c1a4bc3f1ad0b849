import type { Verb } from "#verb.ts";
import { addComment } from "./add.ts";
import { listComments } from "./list.ts";

export const commentVerbs: Verb[] = [listComments, addComment];
