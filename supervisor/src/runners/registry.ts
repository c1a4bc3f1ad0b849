import type { StopReason } from "#executions/execution.ts";
import type { Grant } from "#executions/grant.ts";

/** What the supervisor tells a runner, in the product's own words; rpc/ turns it into messages. */
export type Order =
  | { type: "assign"; workspaceIds: string[] }
  | { type: "grant"; grant: Grant }
  | { type: "stop"; executionId: string; reason: StopReason }
  | { type: "reap"; targets: { executionId: string; pid: number; pidStartTicks: number }[] }
  | { type: "retire" };

/** One unit of credit: the right to give one execution to a runner. */
export interface Credit {
  runnerId: string;
  boot: number;
  requestId: string;
}

/** What one execution and all it started use; null = unknown. */
export interface Vitals {
  executionId: string;
  processes: number | null;
  memoryBytes: number | null;
  /** Unix milliseconds. */
  at: number;
}

/** The runners whose control stream is open now, in memory only; what must survive is in `runner-table.ts`. */
export interface Registry {
  /** Takes over the runner's stream; an older stream of the same runner is closed. */
  attach(runner: { id: string; boot: number; workspaceIds: string[]; send: (order: Order) => void; close: () => void }): void;
  /** Only when that very stream is still the runner's. */
  detach(runnerId: string, close: () => void): void;
  /** Closes the runner's stream and forgets it at once: nothing may be given to a runner that is known to be dead. */
  expel(runnerId: string): void;
  addCredit(runnerId: string, requestId: string): void;
  /** A credit of the runner that carries the workspace, oldest first; gone from the registry when it is returned. */
  takeCredit(workspaceId: string): Credit | undefined;
  /**
   * Gives an order to an attached runner. One that is told to retire carries nothing and has no credit from then on.
   * @returns false when it is not attached; what it must know is told again when it is.
   */
  send(runnerId: string, order: Order): boolean;
  /** Attached runner that carries the workspace. */
  carrierOf(workspaceId: string): string | undefined;
  /** The runner said something, a heartbeat at least. */
  heard(runnerId: string): void;
  /** What its executions use by its last heartbeat, in place of what it said before. Never written to disk. */
  measure(runnerId: string, vitals: readonly Vitals[]): void;
  vitals(executionId: string): Vitals | undefined;
  attached(): {
    id: string;
    workspaceIds: string[];
    credits: number;
    /** How often it was heard on this stream. */
    messages: number;
  }[];
  /** Called after a runner attached, was assigned, gave credit or went away. */
  onChange(listener: () => void): void;
}

interface Attached {
  id: string;
  boot: number;
  workspaceIds: string[];
  /** Request ids, oldest first; a repeated one is the same credit. */
  credits: Set<string>;
  messages: number;
  vitals: readonly Vitals[];
  send: (order: Order) => void;
  close: () => void;
}

export function createRegistry(): Registry {
  const runners = new Map<string, Attached>();
  const carriers = new Map<string, Attached>();
  const listeners: (() => void)[] = [];

  function changed(): void {
    for (const listener of listeners) listener();
  }

  function carry(runner: Attached, workspaceIds: string[]): void {
    for (const id of runner.workspaceIds) if (carriers.get(id) === runner) carriers.delete(id);
    runner.workspaceIds = workspaceIds;
    for (const id of workspaceIds) carriers.set(id, runner);
  }

  function forget(runner: Attached): void {
    carry(runner, []);
    runners.delete(runner.id);
  }

  return {
    attach({ id, boot, workspaceIds, send, close }) {
      const older = runners.get(id);
      if (older !== undefined) {
        forget(older);
        older.close();
      }
      const runner: Attached = { id, boot, workspaceIds: [], credits: new Set(), messages: 0, vitals: [], send, close };
      runners.set(id, runner);
      carry(runner, [...workspaceIds]);
      changed();
    },
    detach(runnerId, close) {
      const runner = runners.get(runnerId);
      if (runner?.close !== close) return;
      forget(runner);
      changed();
    },
    expel(runnerId) {
      const runner = runners.get(runnerId);
      if (runner === undefined) return;
      forget(runner);
      runner.close();
      changed();
    },
    addCredit(runnerId, requestId) {
      const runner = runners.get(runnerId);
      if (runner === undefined || runner.credits.has(requestId)) return;
      runner.credits.add(requestId);
      changed();
    },
    takeCredit(workspaceId) {
      const runner = carriers.get(workspaceId);
      if (runner === undefined) return undefined;
      const [requestId] = runner.credits;
      if (requestId === undefined) return undefined;
      runner.credits.delete(requestId);
      return { runnerId: runner.id, boot: runner.boot, requestId };
    },
    send(runnerId, order) {
      const runner = runners.get(runnerId);
      if (runner === undefined) return false;
      if (order.type === "assign") carry(runner, [...order.workspaceIds]);
      if (order.type === "retire") {
        carry(runner, []);
        runner.credits.clear();
      }
      runner.send(order);
      if (order.type === "assign" || order.type === "retire") changed();
      return true;
    },
    heard(runnerId) {
      const runner = runners.get(runnerId);
      if (runner !== undefined) runner.messages++;
    },
    measure(runnerId, vitals) {
      const runner = runners.get(runnerId);
      if (runner !== undefined) runner.vitals = vitals;
    },
    vitals: (executionId) => [...runners.values()].flatMap((runner) => runner.vitals).find((vitals) => vitals.executionId === executionId),
    carrierOf: (workspaceId) => carriers.get(workspaceId)?.id,
    attached: () =>
      [...runners.values()].map(({ id, workspaceIds, credits, messages }) => ({ id, workspaceIds, credits: credits.size, messages })),
    onChange: (listener) => void listeners.push(listener),
  };
}
