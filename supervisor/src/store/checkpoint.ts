import type { CheckpointOrder, CheckpointResult } from "./checkpoint.worker.ts";
import type { Db } from "./open-db.ts";
import { isFull, isLocked, isUntrustworthy } from "./storage-failure.ts";
import type { Store } from "./store.ts";

export interface CheckpointOptions {
  store: Pick<Store, "onCommit">;
  writer: Db;
  /** Path of the database that `writer` has open. */
  database: string;
  /** Milliseconds from a commit to its checkpoint; commits in between share it. */
  pause?: number;
  truncateBytes?: number;
  /** Milliseconds without commits after which the thread ends. */
  threadIdle?: number;
  /** The storage can no longer be trusted: the process has to end. */
  onFatal: (error: unknown) => void;
  /** There is no room for a checkpoint; the next commit tries again. */
  onFull?: () => void;
  /** A thread cannot be had, so SQLite checkpoints inside commits again. */
  onFallback: (error: unknown) => void;
}

/** What SQLite does by itself unless it is told otherwise, in pages. */
const SQLITE_AUTOCHECKPOINT = 1000;

/**
 * Takes checkpoints off the commits: SQLite would do one inside every few hundredth commit, and that one commit would be
 * many times slower. Nothing happens without commits: no timer, no thread.
 * @returns a function that waits for a running checkpoint and ends the thread
 */
export function startCheckpoints(options: CheckpointOptions): () => Promise<void> {
  const { writer, database, pause = 500, truncateBytes = 64 * 1024 * 1024, threadIdle = 10_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let pool: Promise<{ run: (order: CheckpointOrder) => Promise<CheckpointResult>; destroy: () => Promise<void> }> | undefined;
  let stopped = false;
  let again = false;

  writer.pragma("wal_autocheckpoint = 0");
  options.store.onCommit(note);

  function note(): void {
    if (running !== undefined) again = true;
    else if (!stopped) timer ??= setTimeout(start, pause).unref();
  }

  function start(): void {
    timer = undefined;
    again = false;
    running = checkpoint()
      .catch(fallBack)
      .finally(() => {
        running = undefined;
        if (again) note();
      });
  }

  async function checkpoint(): Promise<void> {
    const result = await (await (pool ??= openPool())).run({ database, truncateBytes });
    if (result.done) return;
    const error = Object.assign(new Error(`A checkpoint of the database failed: ${result.message}`), { code: result.code });
    // After a failed fsync nothing that this process remembers of the file can be relied on.
    if (isUntrustworthy(error)) options.onFatal(error);
    else if (isFull(error)) options.onFull?.();
    else if (!isLocked(error)) throw error;
  }

  async function openPool() {
    const { Piscina } = await import("piscina");
    const filename = new URL("./checkpoint.worker.ts", import.meta.url).href;
    return new Piscina<CheckpointOrder, CheckpointResult>({ filename, minThreads: 0, maxThreads: 1, idleTimeout: threadIdle });
  }

  function fallBack(error: unknown): void {
    if (stopped) return;
    stopped = true;
    writer.pragma(`wal_autocheckpoint = ${SQLITE_AUTOCHECKPOINT}`);
    options.onFallback(error);
  }

  return async () => {
    stopped = true;
    again = false;
    clearTimeout(timer);
    await running;
    await (await pool)?.destroy();
  };
}
