import { createHub, type Hub } from "#events/hub.ts";

/** Wakes whoever watches an execution's log; costs nothing while nobody does. */
export interface LogHub {
  wake(executionId: string): void;
  /** Begins to watch. Ask for the next wake-up first and read the file then, so that no frame falls between. */
  watch(executionId: string): { next(signal: AbortSignal): Promise<void>; close(): void };
}

export function createLogHub(): LogHub {
  const watched = new Map<string, { hub: Hub; watchers: number }>();
  return {
    wake(executionId) {
      watched.get(executionId)?.hub.wake();
    },
    watch(executionId) {
      let entry = watched.get(executionId);
      if (entry === undefined) watched.set(executionId, (entry = { hub: createHub(), watchers: 0 }));
      const { hub } = entry;
      entry.watchers++;
      let open = true;
      return {
        next: (signal) => hub.next(signal),
        close() {
          if (!open) return;
          open = false;
          if (--entry.watchers === 0) watched.delete(executionId);
        },
      };
    },
  };
}
