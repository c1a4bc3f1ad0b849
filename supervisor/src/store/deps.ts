import type { Store } from "./store.ts";

/** What a verb may ask for; each takes the part it needs. Time in Unix milliseconds. */
export interface Deps {
  store: Store;
  now: () => number;
  newId: () => string;
}
