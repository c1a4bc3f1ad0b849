/** Wakes whoever watches an execution's log; costs nothing while nobody does. */
export interface LogHub {
  wake(executionId: string): void;
  watch(executionId: string): LogWatch;
}

export interface LogWatch {
  /**
   * Settles at the next wake-up, or after a while, or when the signal aborts. Ask first and read the file then, so that no frame
   * falls between.
   */
  next(milliseconds: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export function createLogHub(): LogHub {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wake(executionId) {
      for (const wake of waiting.get(executionId) ?? []) wake();
    },
    watch(executionId) {
      const mine = new Set<() => void>();
      return {
        next(milliseconds, signal) {
          return new Promise((resolve) => {
            const wake = () => {
              clearTimeout(timer);
              signal.removeEventListener("abort", wake);
              mine.delete(wake);
              forget(executionId, wake);
              resolve();
            };
            const timer = setTimeout(wake, milliseconds);
            signal.addEventListener("abort", wake, { once: true });
            mine.add(wake);
            remember(executionId, wake);
            if (signal.aborted) wake();
          });
        },
        close() {
          for (const wake of mine) wake();
        },
      };
    },
  };

  function remember(executionId: string, wake: () => void): void {
    const all = waiting.get(executionId);
    if (all === undefined) waiting.set(executionId, new Set([wake]));
    else all.add(wake);
  }

  function forget(executionId: string, wake: () => void): void {
    const all = waiting.get(executionId);
    all?.delete(wake);
    if (all?.size === 0) waiting.delete(executionId);
  }
}
