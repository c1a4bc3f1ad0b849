import type { Agent } from "@malamar/proto/malamar/v1/agent_pb";
import { EventType, type Event } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import { SvelteMap } from "svelte/reactivity";
import type { Follower } from "#lib/api/feed.svelte.ts";
import { readAll } from "#lib/api/pages.ts";

/** The agents of one workspace. */
export class Agents implements Follower {
  loaded = $state(false);
  problem = $state.raw<Problem>();
  #byId = new SvelteMap<string, Agent>();
  #client: Malamar["agents"];
  #workspaceId: string;

  constructor(client: Malamar["agents"], workspaceId: string) {
    this.#client = client;
    this.#workspaceId = workspaceId;
  }

  inOrder = $derived([...this.#byId.values()].toSorted((a, b) => a.position - b.position));

  async load(): Promise<void> {
    try {
      const rows = await readAll(async (pageToken) => {
        const { agents, nextPageToken } = await this.#client.listAgents({ workspaceId: this.#workspaceId, pageToken });
        return { rows: agents, next: nextPageToken };
      });
      this.#byId.clear();
      for (const agent of rows) this.#byId.set(agent.id, agent);
      this.problem = undefined;
      this.loaded = true;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  apply(events: readonly Event[]): void {
    for (const event of events) {
      if (event.workspaceId !== this.#workspaceId) continue;
      if (event.type === EventType.AGENT_DELETED) this.#byId.delete(event.subjectId);
      else if (event.subject.case === "agent") this.#byId.set(event.subject.value.id, event.subject.value);
    }
  }
}
