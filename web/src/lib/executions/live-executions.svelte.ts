import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { ExecutionState, type Execution } from "@malamar/proto/malamar/v1/execution_pb";
import type { Malamar } from "@malamar/sdk";
import { SvelteMap } from "svelte/reactivity";
import type { Follower } from "#lib/api/feed.svelte.ts";

const KEPT = 200;

/** The executions that tasks point at as theirs, wherever in the installation. One that nobody has told us about is asked for once. */
export class LiveExecutions implements Follower {
  #byId = new SvelteMap<string, Execution>();
  #asked: string[] = [];
  #client: Malamar["executions"];

  constructor(client: Malamar["executions"]) {
    this.#client = client;
  }

  find(id: string): Execution | undefined {
    if (id === "") return undefined;
    const known = this.#byId.get(id);
    if (!known && !this.#asked.includes(id)) void this.#ask(id);
    return known;
  }

  async load(): Promise<void> {
    const live = [...this.#byId.values()].filter((execution) => execution.state !== ExecutionState.ENDED);
    this.#byId.clear();
    this.#put(live);
    this.#asked = [];
    await Promise.all(live.map(({ id }) => this.#ask(id)));
  }

  apply(events: readonly Event[]): void {
    this.#put(events.flatMap(({ subject }) => (subject.case === "execution" ? [subject.value] : [])));
  }

  async #ask(id: string): Promise<void> {
    this.#asked.push(id);
    try {
      const { execution } = await this.#client.getExecution({ id });
      if (execution) this.#put([execution]);
    } catch {
      this.#asked = this.#asked.filter((asked) => asked !== id);
      // The row then shows its task without the agent's name; the next event of the execution brings it.
    }
  }

  #put(rows: readonly Execution[]): void {
    for (const row of rows) this.#byId.set(row.id, row);
    const tooMany = [...this.#byId.keys()].slice(0, -KEPT);
    for (const id of tooMany) this.#byId.delete(id);
  }
}
