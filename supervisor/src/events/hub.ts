/** Wake-ups without data: a stream asks for the next one first and reads the table then, so no commit falls between. */
export interface Hub {
  wake(): void;
  /** Settles at the next wake-up, or when the signal aborts. */
  next(signal?: AbortSignal): Promise<void>;
}

export function createHub(): Hub {
  let coming = Promise.withResolvers<void>();
  return {
    wake() {
      const now = coming;
      coming = Promise.withResolvers();
      now.resolve();
    },
    async next(signal) {
      if (signal === undefined) return coming.promise;
      if (signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener("abort", abort, { once: true });
      await Promise.race([coming.promise, aborted.promise]);
      // A stream lives for days and waits thousands of times on one signal.
      signal.removeEventListener("abort", abort);
    },
  };
}
