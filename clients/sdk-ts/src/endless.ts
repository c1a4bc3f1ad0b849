import { Code, ConnectError } from "@connectrpc/connect";
import { isRetryable } from "./outage.ts";

export type Connection =
  | { state: "connected" }
  /** `error` says why the last attempt ended; it is missing before the first one and when the server closed the stream in order. */
  | { state: "connecting"; error?: ConnectError; retryInMs: number };

export interface EndlessOptions {
  /** Ends the stream without an error. */
  signal?: AbortSignal | undefined;
  onConnection?: ((connection: Connection) => void) | undefined;
  /** Between 0 and 1, for the jitter. */
  random?: (() => number) | undefined;
}

interface Attempts<T> extends EndlessOptions {
  /** Opens the stream where the last attempt left off. */
  open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Whether a stream that the server closed in order has said everything. */
  isOver: () => boolean;
  /** A stream that says nothing for so long is taken for dead. */
  silenceMs?: number | undefined;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

/** One logical stream over as many connections as it takes. Throws only what no further attempt can mend. */
export async function* endless<T>({
  open,
  isOver,
  signal,
  silenceMs,
  onConnection,
  random = Math.random,
}: Attempts<T>): AsyncGenerator<T, void> {
  const isStopped = () => signal?.aborted === true;
  onConnection?.({ state: "connecting", retryInMs: 0 });
  for (let failures = 0; !isStopped(); failures += 1) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal?.addEventListener("abort", stop, { once: true });
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    let error: ConnectError | undefined;
    try {
      const messages = open(attempt.signal)[Symbol.asyncIterator]();
      for (let connected = false; ; connected = true) {
        // Armed only while we wait for the server: a reader that takes its time does not make the stream dead.
        if (silenceMs !== undefined) watchdog = setTimeout(stop, silenceMs);
        const message = await messages.next();
        clearTimeout(watchdog);
        if (isStopped()) return;
        if (message.done === true) break;
        if (!connected) onConnection?.({ state: "connected" });
        failures = 0;
        yield message.value;
      }
      if (isOver()) return;
    } catch (reason) {
      error = ConnectError.from(reason);
      if (isStopped()) return;
      if (attempt.signal.aborted) error = new ConnectError("the server fell silent", Code.Unavailable);
      else if (!isRetryable(error)) throw error;
    } finally {
      clearTimeout(watchdog);
      signal?.removeEventListener("abort", stop);
      // Leaving the loop does not close a Connect stream; only its signal does.
      attempt.abort();
    }
    const retryInMs = backOff(failures, random());
    onConnection?.(error === undefined ? { state: "connecting", retryInMs } : { state: "connecting", error, retryInMs });
    await pause(retryInMs, signal);
  }
}

/** Doubles from a quarter of a second to ten seconds; the jitter takes off up to half, so that clients do not return all at once. */
export function backOff(failures: number, random: number): number {
  return Math.round(Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS) * (1 - random / 2));
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
