import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import type { Execution } from "@malamar/proto/malamar/v1/execution_pb";
import type { Comment } from "@malamar/proto/malamar/v1/task_pb";
import type { Malamar } from "@malamar/sdk";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import { SvelteMap } from "svelte/reactivity";
import type { Follower } from "#lib/api/feed.svelte.ts";
import { readAll } from "#lib/api/pages.ts";
import { timeline } from "./timeline.ts";

/** What was said and done on one task. */
export class Thread implements Follower {
  loaded = $state(false);
  problem = $state.raw<Problem>();
  #comments = new SvelteMap<string, Comment>();
  #executions = new SvelteMap<string, Execution>();
  #malamar: Pick<Malamar, "tasks" | "executions">;
  #taskId: string;

  constructor(malamar: Pick<Malamar, "tasks" | "executions">, taskId: string) {
    this.#malamar = malamar;
    this.#taskId = taskId;
  }

  entries = $derived(timeline([...this.#comments.values()], [...this.#executions.values()]));

  async load(): Promise<void> {
    try {
      const [comments, executions] = await Promise.all([
        readAll(async (pageToken) => {
          const page = await this.#malamar.tasks.listComments({ taskId: this.#taskId, pageSize: 200, pageToken });
          return { rows: page.comments, next: page.nextPageToken };
        }),
        readAll(async (pageToken) => {
          const page = await this.#malamar.executions.listExecutions({ taskId: this.#taskId, pageSize: 200, pageToken });
          return { rows: page.executions, next: page.nextPageToken };
        }),
      ]);
      this.#comments.clear();
      this.#executions.clear();
      for (const comment of comments) this.#comments.set(comment.id, comment);
      for (const execution of executions) this.#executions.set(execution.id, execution);
      this.problem = undefined;
      this.loaded = true;
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  apply(events: readonly Event[]): void {
    for (const { subject, taskId } of events) {
      if (taskId !== this.#taskId) continue;
      if (subject.case === "comment") this.#comments.set(subject.value.id, subject.value);
      else if (subject.case === "execution") this.#executions.set(subject.value.id, subject.value);
    }
  }

  async say(content: string, idempotencyKey: string): Promise<void> {
    const { comment } = await this.#malamar.tasks.createComment({ taskId: this.#taskId, content, idempotencyKey });
    if (comment) this.#comments.set(comment.id, comment);
  }
}
