import { Problem } from "#errors/problem.ts";
import type { Db } from "./open-db.ts";
import { statement } from "./statement.ts";
import { isFull, isLocked, isUntrustworthy } from "./storage-failure.ts";

/**
 * The state database: one writer, grouped commits.
 *
 * Every verb is one `transact` and behaves as a transaction of its own: a throw undoes it and nothing else. Verbs of one
 * turn of the event loop share one commit (one fdatasync), so whoever answers to the outside awaits `durable()` first.
 * Readers use their own connection and see only what is committed.
 */
export interface Store {
  readonly reader: Db;
  /**
   * @param patience milliseconds that the commit may wait for another verb to share it, for what nobody waits for; readers see
   * the change that much later
   */
  transact<T>(work: (db: Db) => T, patience?: number): T;
  /** Settles when everything transacted so far is on disk, or rejects with why it could not be. */
  durable(): Promise<void>;
  /** Called after each commit that changed something, never before it is durable. */
  onCommit(listener: () => void): void;
  close(): void;
}

export interface StoreOptions {
  writer: Db;
  /** Left out for an in-memory database, which has one connection only. */
  reader?: Db;
  /** The number this supervisor wrote when it took the data directory; see `takeEpoch`. */
  epoch: number;
  /** The storage can no longer be trusted: the process has to end and start again. */
  onFatal: (error: unknown) => void;
  /** A write failed for want of space. */
  onFull?: () => void;
  /** Runs the group's commit after the present turn, or after its patience; simulations bring their own time. @returns a function that calls it off */
  soon?: (work: () => void, patience: number) => () => void;
}

const nextTurn = (work: () => void, patience: number): (() => void) => {
  if (patience > 0) {
    const timer = setTimeout(work, patience);
    return () => clearTimeout(timer);
  }
  const turn = setImmediate(work);
  return () => clearImmediate(turn);
};

/** Milliseconds to wait for another program's lock. It holds up everything, so that it is short: who can wait longer asks again. */
const LOCK_PATIENCE = 250;

export function createStore({ writer, reader = writer, epoch, onFatal, onFull, soon = nextTurn }: StoreOptions): Store {
  const listeners: (() => void)[] = [];
  let group: PromiseWithResolvers<void> | undefined;
  let callOff = () => {};
  let changesBefore = 0;
  let patient = false;
  let fatal: unknown;
  let locked = false;
  writer.pragma(`busy_timeout = ${LOCK_PATIENCE}`);

  function begin(): void {
    lock();
    if (ownerOfData() !== epoch) {
      writer.exec("ROLLBACK");
      fail(new Error("Another supervisor took over this data directory; this one stops and writes nothing more."));
      throw fatal;
    }
    changesBefore = totalChanges();
    group = Promise.withResolvers();
    // Nobody may be waiting for this group; that is no unhandled rejection.
    group.promise.catch(() => {});
  }

  function lock(): void {
    try {
      writer.exec("BEGIN IMMEDIATE");
    } catch (error) {
      // Whoever comes next need not find out by waiting, too.
      if (isLocked(error) && !locked) writer.pragma("busy_timeout = 0");
      locked ||= isLocked(error);
      throw translate(error);
    }
    if (locked) writer.pragma(`busy_timeout = ${LOCK_PATIENCE}`);
    locked = false;
  }

  function ownerOfData(): unknown {
    try {
      return statement(writer, "SELECT epoch FROM installation").pluck().get();
    } catch (error) {
      if (writer.inTransaction) writer.exec("ROLLBACK");
      throw translate(error);
    }
  }

  function commit(): void {
    const done = group;
    if (done === undefined) return;
    callOff();
    group = undefined;
    try {
      // A verb of the group found that the storage cannot be trusted: then neither can what the others did.
      if (fatal !== undefined) throw fatal;
      writer.exec("COMMIT");
    } catch (error) {
      if (writer.inTransaction) writer.exec("ROLLBACK");
      done.reject(translate(error));
      return;
    }
    done.resolve();
    // A verb that found nothing to do wakes nobody: it may have been a listener that asked.
    if (totalChanges() === changesBefore) return;
    for (const listener of listeners) listener();
  }

  function totalChanges(): number {
    return statement(writer, "SELECT total_changes()").pluck().get() as number;
  }

  function translate(error: unknown): unknown {
    if (isUntrustworthy(error) && error !== fatal) fail(error);
    if (isLocked(error)) return lockedByAnother();
    if (!isFull(error)) return error;
    onFull?.();
    return new Problem(
      "exhausted",
      "storage_full",
      "The disk is full; the change was not made and everything stored before is kept.",
      "Free some disk space and try again; what Malamar itself has to do goes on by itself then.",
    );
  }

  function fail(error: unknown): void {
    fatal ??= error;
    onFatal(error);
  }

  return {
    reader,
    transact(work, patience = 0) {
      if (fatal !== undefined) throw fatal;
      const first = group === undefined;
      if (first) begin();
      if (first || (patient && patience === 0)) {
        callOff();
        callOff = soon(commit, patience);
        patient = patience > 0;
      }
      statement(writer, "SAVEPOINT verb").run();
      try {
        const result = work(writer);
        statement(writer, "RELEASE verb").run();
        return result;
      } catch (error) {
        // A full disk ends the whole transaction by itself; then there is no savepoint left to go back to.
        if (writer.inTransaction) writer.exec("ROLLBACK TO verb; RELEASE verb");
        else abandon(error);
        throw translate(error);
      }
    },
    durable() {
      // Somebody waits now.
      if (group !== undefined && patient) {
        callOff();
        callOff = soon(commit, 0);
        patient = false;
      }
      return group?.promise ?? Promise.resolve();
    },
    onCommit: (listener) => void listeners.push(listener),
    close() {
      commit();
      if (reader !== writer) reader.close();
      writer.close();
    },
  };

  function abandon(error: unknown): void {
    callOff();
    group?.reject(translate(error));
    group = undefined;
  }
}

function lockedByAnother(): Problem {
  return new Problem(
    "busy",
    "database_locked",
    "Another program holds the lock of Malamar's database; the change was not made and everything stored before is kept.",
    "End what has the database open for writing (a backup tool, a database shell) and try again; reading goes on meanwhile.",
  );
}

/** Makes this process the owner of the data directory's writes; whoever wrote before finds its epoch gone. Creates the installation the first time. */
export function takeEpoch(writer: Db, now: number, installationId: string): { epoch: number; installationId: string; fresh: boolean } {
  return writer
    .transaction(() => {
      const fresh = writer
        .prepare("INSERT INTO installation (one, id, epoch, created_at) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING")
        .run(installationId, now);
      const row = writer.prepare("UPDATE installation SET epoch = epoch + 1 RETURNING epoch, id").get() as { epoch: number; id: string };
      return { epoch: row.epoch, installationId: row.id, fresh: fresh.changes === 1 };
    })
    .immediate();
}
