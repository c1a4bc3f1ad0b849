/** How many more executions this runner can take. Each credit has a request id that stays the same until it is answered. */
export interface Credits {
  /** Ids that are not answered yet. */
  open: () => string[];
  /** Makes as many new ids as there is room for, and returns them. */
  topUp: (running: number) => string[];
  /** The credit is used up. */
  answered: (requestId: string) => void;
  /** No more work: forgets all that are open. */
  close: () => void;
}

export function createCredits(capacity: number, newId: () => string): Credits {
  const open = new Set<string>();
  let closed = false;
  return {
    open: () => [...open],
    topUp(running) {
      const made: string[] = [];
      while (!closed && open.size + running < capacity) {
        const id = newId();
        open.add(id);
        made.push(id);
      }
      return made;
    },
    answered: (requestId) => void open.delete(requestId),
    close() {
      closed = true;
      open.clear();
    },
  };
}
