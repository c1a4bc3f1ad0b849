/** Messages on their way into a stream: pushed by us, pulled by the transport. */
export interface Outbox<T> extends AsyncIterable<T> {
  push: (message: T) => void;
  /** Ends the stream after what was pushed before. */
  end: () => void;
}

export function createOutbox<T>(): Outbox<T> {
  const waiting: T[] = [];
  let ended = false;
  let wake: (() => void) | null = null;

  function ring(): void {
    wake?.();
    wake = null;
  }

  return {
    push(message) {
      if (ended) return;
      waiting.push(message);
      ring();
    },
    end() {
      ended = true;
      ring();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const message = waiting.shift();
        if (message !== undefined) yield message;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
