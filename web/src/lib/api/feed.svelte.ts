import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { toProblem, type Problem } from "@malamar/sdk/problem";
import type { Malamar } from "@malamar/sdk";
import { untrack } from "svelte";
import { watchEvents, type WatchMessage } from "@malamar/sdk/watch";

/** Rows on the screen that are read once and then kept true by events. */
export interface Follower {
  /** Reads everything anew. Never throws; what went wrong is its problem. */
  load(): Promise<void>;
  readonly problem?: Problem | undefined;
  apply(events: readonly Event[]): void;
}

/**
 * The one event stream of the page.
 *
 * opening   no word from the server yet; nothing on the screen has been read
 * live      what is on the screen is true
 * lost      what is on the screen was true at `heardAt`; the next attempt is at `retryAt`
 * refused   trying again is useless; `problem` says why
 */
export class Feed {
  status = $state<"opening" | "live" | "lost" | "refused">("opening");
  problem = $state.raw<Problem>();
  heardAt = $state(0);
  retryAt = $state(0);
  #events: Malamar["events"];
  #cursor: string | undefined;
  #stream: AbortController | undefined;
  #followers: { follower: Follower; held: Event[] | undefined }[] = [];

  constructor(events: Malamar["events"]) {
    this.#events = events;
  }

  open(): void {
    this.close();
    const stream = new AbortController();
    this.#stream = stream;
    // Whoever opens it in an effect must not open it again whenever its status changes.
    untrack(() => void this.#watch(stream.signal));
  }

  /** Stops listening without forgetting where we were; `open` goes on from there. */
  close(): void {
    this.#stream?.abort();
    this.#stream = undefined;
  }

  /** Loads the follower as soon as nothing can be missed any more, and keeps it true until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.push({ follower, held: undefined });
    if (this.#cursor !== undefined) void this.reload(follower);
    return () => {
      this.#followers = this.#followers.filter((each) => each.follower !== follower);
    };
  }

  async reload(follower: Follower): Promise<void> {
    const entry = this.#followers.find((each) => each.follower === follower);
    if (!entry) return;
    // What comes while it reads may be newer than what it reads, so it is applied on top.
    const held: Event[] = [];
    entry.held = held;
    await untrack(() => follower.load());
    // A later reload has taken over.
    if (entry.held !== held) return;
    entry.held = undefined;
    if (held.length > 0) follower.apply(held);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    try {
      const messages = watchEvents(this.#events, {
        cursor: this.#cursor,
        signal,
        onConnection: (connection) => {
          if (connection.state === "connected") this.#connected();
          else if (this.status === "live" || connection.error) this.status = "lost";
          this.problem = connection.state === "connecting" && connection.error ? toProblem(connection.error) : undefined;
          this.retryAt = connection.state === "connecting" ? Date.now() + connection.retryInMs : 0;
        },
      });
      for await (const message of messages) this.#take(message);
    } catch (error) {
      if (signal.aborted) return;
      this.problem = toProblem(error);
      this.status = "refused";
    }
  }

  #connected(): void {
    this.status = "live";
    // What could not be read while the server went away can be read now.
    for (const { follower } of this.#followers) if (follower.problem) void this.reload(follower);
  }

  #take(message: WatchMessage): void {
    const first = this.#cursor === undefined;
    this.#cursor = message.cursor;
    this.heardAt = Date.now();
    if (first || message.kind === "resync") for (const { follower } of this.#followers) void this.reload(follower);
    if (message.kind !== "events") return;
    for (const { follower, held } of this.#followers) {
      if (held) held.push(...message.events);
      else follower.apply(message.events);
    }
  }
}
