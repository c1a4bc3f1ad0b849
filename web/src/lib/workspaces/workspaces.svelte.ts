import { EventType, type Event } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Workspace } from "@malamar/proto/malamar/v1/workspace_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import { SvelteMap } from "svelte/reactivity";
import type { Follower } from "#lib/api/feed.svelte.ts";
import { readAll } from "#lib/api/pages.ts";

/** All workspaces of the installation. */
export class Workspaces implements Follower {
  loaded = $state(false);
  problem = $state.raw<Problem>();
  #byId = new SvelteMap<string, Workspace>();
  #client: Malamar["workspaces"];

  constructor(client: Malamar["workspaces"]) {
    this.#client = client;
  }

  /** By title, so that the list stays where it is while work goes on. */
  all = $derived([...this.#byId.values()].toSorted((a, b) => a.title.localeCompare(b.title)));

  find(id: string): Workspace | undefined {
    return this.#byId.get(id);
  }

  async load(): Promise<void> {
    try {
      const rows = await readAll(async (pageToken) => {
        const { workspaces, nextPageToken } = await this.#client.listWorkspaces({ pageSize: 200, pageToken });
        return { rows: workspaces, next: nextPageToken };
      });
      this.#byId.clear();
      for (const workspace of rows) this.#byId.set(workspace.id, workspace);
      this.problem = undefined;
      this.loaded = true;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  apply(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === EventType.WORKSPACE_DELETED) this.#byId.delete(event.workspaceId);
      else if (event.subject.case === "workspace") this.#put(event.subject.value);
    }
  }

  async create(title: string, idempotencyKey: string): Promise<Workspace | undefined> {
    const { workspace } = await this.#client.createWorkspace({ title, idempotencyKey });
    if (workspace) this.#put(workspace);
    return workspace;
  }

  async resume(id: string): Promise<void> {
    const { workspace } = await this.#client.updateWorkspace({ workspace: { id, paused: false }, updateMask: { paths: ["paused"] } });
    if (workspace) this.#put(workspace);
  }

  /** An answer and an event may overtake each other; the version says which row is the later one. */
  #put(workspace: Workspace): void {
    if ((this.#byId.get(workspace.id)?.version ?? 0n) <= workspace.version) this.#byId.set(workspace.id, workspace);
  }
}
