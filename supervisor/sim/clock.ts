/** Virtual time: nothing happens between two events, so an hour passes in as long as its events take. Milliseconds. */
export interface Clock {
  now(): number;
  /** @returns a function that calls it off */
  after(delay: number, work: () => void): () => void;
  /** Runs events in order of time until then, or until `done` says so. */
  run(until: number, done: () => boolean): Promise<void>;
  events(): number;
}

interface Entry {
  time: number;
  order: number;
  work: (() => void) | undefined;
}

export function createClock(start: number): Clock {
  const heap: Entry[] = [];
  let now = start;
  let order = 0;
  let events = 0;

  const before = (a: Entry, b: Entry) => a.time < b.time || (a.time === b.time && a.order < b.order);

  function push(entry: Entry): void {
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(heap[parent] as Entry, entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  function pop(): Entry | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (before(last, heap[child] as Entry)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  return {
    now: () => now,
    events: () => events,
    after(delay, work) {
      const entry: Entry = { time: now + Math.max(0, Math.round(delay)), order: order++, work };
      push(entry);
      return () => {
        entry.work = undefined;
      };
    },
    async run(until, done) {
      while (heap.length > 0 && (heap[0] as Entry).time <= until) {
        const entry = pop() as Entry;
        if (entry.work === undefined) continue;
        now = entry.time;
        events += 1;
        entry.work();
        // What waited for a promise that this event settled belongs to this moment.
        for (let hop = 0; hop < 6; hop++) await Promise.resolve();
        if (done()) return;
      }
    },
  };
}
