import type { Malamar } from "@malamar/sdk";
import { createContext } from "svelte";
import { Feed } from "#lib/api/feed.svelte.ts";
import { LiveExecutions } from "#lib/executions/live-executions.svelte.ts";
import { MachinePauses } from "#lib/system/machine-pauses.svelte.ts";
import { Tasks } from "#lib/tasks/tasks.svelte.ts";
import { Workspaces } from "#lib/workspaces/workspaces.svelte.ts";

/** What every screen shares: the clients, the one stream, and the lists that the stream keeps true. */
export interface App {
  malamar: Malamar;
  feed: Feed;
  workspaces: Workspaces;
  tasks: Tasks;
  liveExecutions: LiveExecutions;
  machinePauses: MachinePauses;
}

export const [useApp, provideApp] = createContext<App>();

export function createApp(malamar: Malamar): App {
  const feed = new Feed(malamar.events);
  const workspaces = new Workspaces(malamar.workspaces);
  const tasks = new Tasks(malamar.tasks);
  const liveExecutions = new LiveExecutions(malamar.executions);
  const machinePauses = new MachinePauses(malamar.system);
  for (const follower of [workspaces, tasks, liveExecutions, machinePauses]) feed.follow(follower);
  return { malamar, feed, workspaces, tasks, liveExecutions, machinePauses };
}
