import { EventType, type Event } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Pause } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import type { Follower } from "#lib/api/feed.svelte.ts";

/** What keeps the whole machine from starting anything, such as a full disk. */
export class MachinePauses implements Follower {
  all = $state.raw<Pause[]>([]);
  problem = $state.raw<Problem>();
  #client: Malamar["system"];

  constructor(client: Malamar["system"]) {
    this.#client = client;
  }

  async load(): Promise<void> {
    try {
      const { system } = await this.#client.getSystem({});
      this.all = system?.pauses.filter(({ resource }) => resource === "machine") ?? [];
      this.problem = undefined;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  apply(events: readonly Event[]): void {
    if (events.some(({ type }) => type === EventType.SYSTEM_CHANGED)) void this.load();
  }
}
