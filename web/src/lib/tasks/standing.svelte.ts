import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Explanation } from "@malamar/proto/malamar/v1/task_service_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import type { Follower } from "#lib/api/feed.svelte.ts";

/**
 * What one task is doing or why it waits, as the supervisor explains it. The reason may lie in another task, an agent or a pause,
 * so it is asked for again whenever something happened in the workspace: at once when it happened to the task itself, otherwise
 * never more often than once per `everyMs`.
 */
export class Standing implements Follower {
  explanation = $state.raw<Explanation>();
  problem = $state.raw<Problem>();
  #client: Malamar["tasks"];
  #task: { id: string; workspaceId: string };
  #everyMs: number;
  #asking = false;
  #again = false;
  #endPause: () => void = () => {};

  constructor(client: Malamar["tasks"], task: { id: string; workspaceId: string }, everyMs = 1_000) {
    this.#client = client;
    this.#task = task;
    this.#everyMs = everyMs;
  }

  async load(): Promise<void> {
    try {
      const { explanation } = await this.#client.explainTask({ id: this.#task.id });
      this.explanation = explanation;
      this.problem = undefined;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  apply(events: readonly Event[]): void {
    // Pauses concern the whole machine and come without a workspace.
    const { id, workspaceId } = this.#task;
    if (!events.some((event) => event.workspaceId === workspaceId || event.workspaceId === "")) return;
    if (events.some((event) => event.taskId === id)) this.#endPause();
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again) {
      this.#again = false;
      await this.load();
      await new Promise<void>((resolve) => {
        this.#endPause = resolve;
        setTimeout(resolve, this.#everyMs);
      });
    }
    this.#asking = false;
  }
}
