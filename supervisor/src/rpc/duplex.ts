import { createOutbox, type Outbox } from "./outbox.ts";
import { whileLocked } from "./wait-for-lock.ts";

export interface Duplex<In> {
  /** Takes one message; the next one is read when it is done. */
  take(message: In): void | Promise<void>;
  /** The stream is over, whoever ended it. Called once. */
  over(): void;
}

/**
 * Serves a stream in both directions at once: what comes in is taken strictly in order, what is pushed goes out at any time.
 * Ends when the peer has said everything, when taking a message fails, when the outbox is ended, or when the signal aborts.
 */
export async function* duplex<In, Out>(
  requests: AsyncIterable<In>,
  signal: AbortSignal,
  open: (outbox: Outbox<Out>) => Duplex<In>,
): AsyncGenerator<Out> {
  const outbox = createOutbox<Out>();
  const abort = () => outbox.end();
  if (signal.aborted) return;
  signal.addEventListener("abort", abort, { once: true });
  const served = open(outbox);
  read(requests, served).then(
    () => outbox.end(),
    (error: unknown) => outbox.end(error),
  );
  try {
    yield* outbox;
  } finally {
    signal.removeEventListener("abort", abort);
    outbox.end();
    served.over();
  }
}

async function read<In>(requests: AsyncIterable<In>, served: Duplex<In>): Promise<void> {
  for await (const message of requests) await whileLocked(() => served.take(message));
}
