/** Messages on their way into a stream: pushed by us, pulled by the transport. */
export interface Outbox<T> extends AsyncIterable<T> {
  push(message: T): void;
  /** Ends the stream after what was pushed before, with an error if one is given. The first end counts. */
  end(error?: unknown): void;
}

/** A peer that takes nothing while so many messages wait is not listening. */
const MOST_WAITING = 10_000;

export function createOutbox<T>(): Outbox<T> {
  let waiting: T[] = [];
  let ended = false;
  let failure: unknown;
  let wake = Promise.withResolvers<void>();

  function end(error?: unknown): void {
    if (ended) return;
    ended = true;
    failure = error;
    wake.resolve();
  }

  return {
    push(message) {
      if (ended) return;
      waiting.push(message);
      if (waiting.length > MOST_WAITING) end(new Error("The peer does not read what it is sent."));
      wake.resolve();
    },
    end,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const batch = waiting;
        waiting = [];
        yield* batch;
        if (waiting.length > 0) continue;
        if (ended) break;
        await wake.promise;
        wake = Promise.withResolvers();
      }
      if (failure !== undefined) throw failure;
    },
  };
}
