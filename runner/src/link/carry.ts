// What this runner has on its hands: executions that run, and reports that the supervisor has not settled. An execution
// is carried from its grant until its report is settled and its log is stored; only then its traces go.
//
// A report is written to the disk only when it has to wait: when the supervisor is away, or has not settled it after a
// moment. Until then a crash of this runner is the same as a crash just before the CLI ended: the supervisor, whose own
// commit is durable, sees the runner die and tries the step again.
import { existsSync } from "node:fs";
import { complain } from "#errors/complain.ts";
import { startExecution, type Execution } from "#execute/execute.ts";
import type { Order } from "#execute/order.ts";
import type { Workshop } from "#execute/prepare.ts";
import type { EndCause, Report } from "#execute/report.ts";
import { readResultOf, readResults, writeResult } from "#execute/result-file.ts";
import { createShipper, type LogShipper } from "#execute/ship-log.ts";
import { executionFolder, removeLeftovers, type ExecutionFolder } from "#workdir/execution-folder.ts";
import type { LogFeed } from "./log-feed.ts";

export interface Carried {
  executionId: string;
  fence: bigint;
  folder: ExecutionFolder;
  shipper: LogShipper;
  /** null as soon as it has ended. */
  running: Execution | null;
  report: Report | null;
  /** The report is on the disk. */
  written: boolean;
  /** Nobody wants to hear of it any more. */
  dropped: boolean;
  settled: boolean;
  /** performance.now() of the next step in its delivery, when nothing happens before. */
  due: number;
  pause: number;
  sent: boolean;
}

export interface CarryOrder {
  workshop: Workshop;
  feed: LogFeed;
  isAttached: () => boolean;
  sendReport: (report: Report) => void;
  onStarted: (execution: Execution) => void;
  onEnded: () => void;
  /** Nothing is carried any more. */
  onEmpty: () => void;
}

/** Settling usually takes a millisecond; what takes longer is worth a file. */
const WRITE_AFTER_MS = 50;
/** The log goes first, but a report never waits longer for it. */
const LONGEST_HANDOVER_MS = 5_000;
const FIRST_REPEAT_MS = 1_000;
const LONGEST_REPEAT_MS = 60_000;
/** The report is settled; a log that nobody takes is given up after this. */
const LONGEST_LOG_WAIT_MS = 60_000;

const CLEAN_AFTER_MS = 20;
/** Seconds without an answer after which a log frame is sent again. */
const NUDGE_EVERY = 3;

export function createCarry({ workshop, feed, isAttached, sendReport, onStarted, onEnded, onEmpty }: CarryOrder) {
  const all = new Map<string, Carried>();
  let ticking: NodeJS.Timeout | null = null;
  let ticks = 0;
  const leftovers: ExecutionFolder[] = [];

  function take(executionId: string, fence: bigint, made: Pick<Carried, "folder" | "shipper" | "running" | "report" | "written">): Carried {
    const carried = { ...made, executionId, fence, dropped: false, settled: false, due: Infinity, pause: FIRST_REPEAT_MS, sent: false };
    all.set(executionId, carried);
    feed.add(carried.shipper);
    ticking ??= setInterval(tick, 1_000);
    return carried;
  }

  function takeReport(report: Report): Carried {
    const folder = executionFolder(workshop.dataDir, report.executionId);
    const shipper = createShipper(report.executionId, report.fence, folder.spool);
    return take(report.executionId, report.fence, { folder, shipper, running: null, report, written: true });
  }

  function forget(carried: Carried): void {
    feed.remove(carried.shipper);
    carried.shipper.close();
    all.delete(carried.executionId);
    // The next order comes in this very moment and is more urgent.
    if (leftovers.push(carried.folder) === 1) setTimeout(clean, CLEAN_AFTER_MS);
    if (all.size > 0) return;
    if (ticking !== null) clearInterval(ticking);
    ticking = null;
    onEmpty();
  }

  function clean(): void {
    for (const folder of leftovers.splice(0)) {
      try {
        removeLeftovers(folder);
      } catch (error) {
        complain("What a settled execution left could not be removed and stays.", { path: folder.path, error });
      }
    }
  }

  function ended(execution: Execution, report: Report): void {
    const carried = all.get(execution.order.executionId);
    if (carried === undefined) return;
    carried.running = null;
    carried.report = report;
    if (carried.dropped) forget(carried);
    else {
      deliver(carried);
      setTimeout(() => write(carried), WRITE_AFTER_MS);
    }
    onEnded();
  }

  /** Sends the report when its log is handed over, or when that takes too long. */
  function deliver(carried: Carried, now = performance.now()): void {
    const { report } = carried;
    if (report === null || carried.sent) return;
    if (!isAttached()) return write(carried);
    if (!carried.shipper.allSent() && now < carried.due) {
      if (carried.due === Infinity) carried.due = now + LONGEST_HANDOVER_MS;
      return;
    }
    sendReport(report);
    carried.sent = true;
    carried.due = now + carried.pause;
    carried.pause = Math.min(carried.pause * 2, LONGEST_REPEAT_MS);
  }

  function write(carried: Carried): void {
    if (carried.report === null || carried.written || carried.settled || !all.has(carried.executionId)) return;
    try {
      carried.shipper.toDisk();
      writeResult(carried.folder, workshop.runnerId, carried.report);
      carried.written = true;
    } catch (error) {
      // It is still in memory and will be delivered from there.
      complain("A result could not be written to the disk.", { executionId: carried.executionId, error });
    }
  }

  /** Kills it if it runs; nothing is delivered. */
  function drop(executionId: string): void {
    const carried = all.get(executionId);
    if (carried === undefined) return;
    carried.dropped = true;
    if (carried.running === null) forget(carried);
    else carried.running.stop("cancelled", false);
  }

  function tick(): void {
    const now = performance.now();
    ticks += 1;
    if (ticks % NUDGE_EVERY === 0) feed.nudge();
    for (const carried of all.values()) {
      if (now < carried.due) continue;
      if (carried.settled) {
        complain("The end of a log was not taken by the supervisor and is given up.", { executionId: carried.executionId });
        forget(carried);
      } else {
        carried.sent = false;
        deliver(carried, now);
      }
    }
  }

  const listener = { started: onStarted, logged: feed.wake, ended };

  return {
    count: () => all.size,
    running: () => [...all.values()].flatMap(({ running }) => running ?? []),
    held: () =>
      [...all.values()]
        .filter((each) => !each.settled)
        .map(({ executionId, fence, running }) => ({ executionId, fence, finished: running === null })),
    get: (executionId: string) => all.get(executionId),

    start(order: Order): void {
      const execution = startExecution(order, workshop, listener);
      const { folder, shipper } = execution;
      take(order.executionId, order.fence, { folder, shipper, running: execution, report: null, written: false });
    },

    /** Takes up what an earlier boot of this runner left on the disk. */
    takeUp(): void {
      for (const report of readResults(workshop.dataDir, workshop.runnerId)) takeReport(report);
    },

    /**
     * Takes over what a runner that is gone had finished and not delivered. Only after the proof that nothing of the execution
     * lives any more. @returns false when there is nothing to deliver
     */
    takeOver(executionId: string): boolean {
      if (all.has(executionId)) return true;
      const report = readResultOf(workshop.dataDir, executionId);
      if (report === null) return false;
      deliver(takeReport(report));
      return true;
    },

    /** Some of a log was sent or stored. */
    logMoved(shipper: LogShipper): void {
      const carried = all.get(shipper.executionId);
      if (carried === undefined) return;
      if (carried.settled) {
        if (shipper.allStored()) forget(carried);
      } else if (shipper.allSent()) deliver(carried);
    },

    settled(executionId: string, unknown: boolean): void {
      const carried = all.get(executionId);
      if (carried === undefined || carried.running !== null) return;
      carried.settled = true;
      carried.due = performance.now() + LONGEST_LOG_WAIT_MS;
      if (unknown || carried.shipper.allStored()) forget(carried);
    },

    stop(executionId: string, cause: EndCause, politely: boolean, words?: string): void {
      all.get(executionId)?.running?.stop(cause, politely, words);
    },

    drop,
    clean,

    /** The connection is new: what was on its way may be lost. */
    deliverAll(): void {
      for (const carried of all.values()) {
        carried.pause = FIRST_REPEAT_MS;
        if (!carried.settled) deliver(carried);
      }
    },

    /** The supervisor is away: everything that must not be lost goes to the disk. */
    keep(): void {
      for (const carried of all.values()) {
        carried.sent = false;
        if (!carried.settled) carried.due = Infinity;
        write(carried);
      }
      feed.detached();
    },

    /** A folder that is gone was removed with its task or the whole data directory: its execution has no purpose any more. */
    dropOrphans(): void {
      for (const carried of all.values()) {
        if (existsSync(carried.folder.path)) continue;
        complain("The folder of an execution is gone, and so the execution ends.", { executionId: carried.executionId });
        drop(carried.executionId);
      }
    },
  };
}
