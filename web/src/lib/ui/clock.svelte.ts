import { createSubscriber } from "svelte/reactivity";

class Clock {
  #subscribe: () => void;

  constructor(everyMs: number) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, everyMs);
      return () => clearInterval(timer);
    });
  }

  /** The time, and again at every tick where it is shown. */
  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}

export const everySecond = new Clock(1_000);
export const everyHalfMinute = new Clock(30_000);
