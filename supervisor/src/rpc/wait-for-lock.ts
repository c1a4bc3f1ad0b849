import { setTimeout as sleep } from "node:timers/promises";
import type { Interceptor } from "@connectrpc/connect";
import { Problem } from "#errors/problem.ts";

/** Milliseconds for which a call waits while another program holds the lock of the database, and between two attempts. */
const PATIENCE = 5000;
const PAUSE = 50;

/** Repeats what could not even begin because of another program's lock, so that nothing is done twice; nobody else is held up meanwhile. */
export async function whileLocked<T>(work: () => T | Promise<T>, patience = PATIENCE): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const locked = error instanceof Problem && error.reason === "database_locked";
      if (!locked || performance.now() >= end) throw error;
      await sleep(PAUSE);
    }
  }
}

/** Lets calls wait for the lock. Streams only read. */
export const waitForLock: Interceptor = (next) => (request) => (request.stream ? next(request) : whileLocked(() => next(request)));
