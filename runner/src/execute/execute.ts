// One execution, from the order to the report.
import { complain } from "#errors/complain.ts";
import { isDiskFull, StartFailure, wordsOf } from "#errors/start-failure.ts";
import type { CliFacts, OutputStream } from "#clis/cli.ts";
import type { Enclosure, Level } from "#process/containment.ts";
import { isLiving } from "#process/proc.ts";
import { spawnCli, type CliExit, type CliProcess } from "#process/spawn-cli.ts";
import { killCli, stopCli } from "#process/stop-cli.ts";
import { sweepAfterExit } from "#process/sweep.ts";
import { keptWithin } from "#process/within.ts";
import { isCrammed } from "#workdir/crammed.ts";
import { executionFolder, type ExecutionFolder } from "#workdir/execution-folder.ts";
import { readAnswer } from "#workdir/read-answer.ts";
import { createExecutionLog, type ExecutionLog } from "./execution-log.ts";
import { writeMeta, type MetaFile } from "./meta-file.ts";
import type { Order } from "./order.ts";
import { prepare, type Prepared, type Workshop } from "./prepare.ts";
import { createRawOutput } from "./raw-output.ts";
import type { EndCause, Report } from "./report.ts";
import { createShipper, type LogShipper } from "./ship-log.ts";
import { watchLimits } from "./watch-limits.ts";

/** What the world wants to hear about an execution while it happens. */
export interface Listener {
  started: (execution: Execution) => void;
  /** Its shipper has something to send. */
  logged: (execution: Execution) => void;
  ended: (execution: Execution, report: Report) => void;
}

export interface Execution {
  order: Order;
  folder: ExecutionFolder;
  shipper: LogShipper;
  /** null before the start, and for ever when it never started. */
  process: () => { pid: number; startTicks: bigint; startedAt: number; containment: Level; guard: number | null } | null;
  progress: () => { lines: number; bytes: number; silent: boolean };
  /** The first cause wins. `politely` gives the CLI its signals and its grace, otherwise it is killed at once. */
  stop: (cause: EndCause, politely: boolean, words?: string) => void;
}

// A process that is not ours may hold the CLI's pipes open for ever.
const LONGEST_DRAIN_MS = 2_000;

/** Starts at once; everything else arrives at the listener. */
export function startExecution(order: Order, workshop: Workshop, listener: Listener): Execution {
  const folder = executionFolder(workshop.dataDir, order.executionId);
  const shipper = createShipper(order.executionId, order.fence, folder.spool);
  let cause: EndCause | null = null;
  let words = "";
  let enclosure: Enclosure | null = null;
  let cli: CliProcess | null = null;
  let prepared: Prepared | null = null;
  let log: ExecutionLog | null = null;
  let meta: MetaFile | null = null;
  let startedAt: number | null = null;
  let silent = false;
  const broken = new Set<string>();

  const execution: Execution = {
    order,
    folder,
    shipper,
    process: () =>
      cli === null || startedAt === null
        ? null
        : { pid: cli.pid, startTicks: cli.startTicks, startedAt, containment: enclosure?.level ?? "L0", guard: enclosure?.guard ?? null },
    progress: () => ({ lines: log?.lines() ?? 0, bytes: log?.bytes() ?? 0, silent }),
    stop(why, politely, saying = "") {
      if (cause === null) {
        cause = why;
        words = saying;
      } else if (politely) return;
      if (cli === null || prepared === null) return;
      void (politely ? stopCli(cli, prepared.cli.stop, order.limits.stopGrace) : killCli(cli));
    },
  };

  const isStopped = () => cause !== null;

  async function carryOut(): Promise<void> {
    let exit: CliExit | null = null;
    try {
      prepared = prepare(order, folder, workshop);
      enclosure = await workshop.enclosures.take(order.executionId);
      // A stop may have come while it was prepared, or while it entered its enclosure.
      if (isStopped()) return await finish(null);
      cli = await spawnCli(prepared.launch, enclosure);
      startedAt = Date.now();
      if (isStopped()) void stopCli(cli, prepared.cli.stop, order.limits.stopGrace);
      workshop.spares.refill();
      workshop.enclosures.refill();
      exit = await attend(cli, prepared);
    } catch (error) {
      failed(error);
      if (cli !== null) await killCli(cli);
    }
    await finish(exit);
  }

  async function finish(exit: CliExit | null): Promise<void> {
    const { killed, words: lastWords } = await clearAway();
    log?.end(lastWords);
    listener.ended(execution, report(exit));
    // For the audit only, so nobody waits for it.
    meta?.end({ cause: cause ?? "exited", exit, endedAt: Date.now(), killed });
  }

  /** Follows a running CLI until its own process has ended. */
  async function attend(running: CliProcess, { parser, launch }: Prepared): Promise<CliExit> {
    const raw = createRawOutput(folder, order.limits.logCap);
    let lastOutputAt = running.startedAt;
    const listening = createExecutionLog({
      parser,
      cap: order.limits.logCap,
      onFrame: (frame) =>
        kept("log", () => {
          shipper.add(frame);
          listener.logged(execution);
        }),
    });
    log = listening;
    const hear = (stream: OutputStream) => (chunk: Buffer) => {
      lastOutputAt = performance.now();
      kept(`raw ${stream}`, () => raw.write(stream, chunk));
      listening.output(stream, chunk);
    };
    running.stdout.on("data", hear("stdout"));
    running.stderr.on("data", hear("stderr"));
    void running.drained.then(() => raw.close());
    await running.entered;
    listener.started(execution);
    kept("description", () => {
      meta = writeMeta(folder, order, workshop, launch, running, startedAt ?? Date.now());
    });
    const unwatch = watchLimits({
      limits: order.limits,
      answerPath: folder.output,
      startedAt: running.startedAt,
      lastOutputAt: () => lastOutputAt,
      finalLine: () => parser.facts().finalLine,
      onCause: (why) => execution.stop(why, true),
      onSilence(now) {
        silent = now;
        if (now) listening.system(`No output for ${Math.round((order.limits.silenceWarning ?? 0) / 1000)} seconds.`);
      },
    });
    const exit = await running.exited;
    cause ??= "exited";
    unwatch();
    silent = false;
    return exit;
  }

  /** Proves that nothing of the execution lives any more, and takes in what its pipes still hold. */
  async function clearAway(): Promise<Cleared> {
    let killed = 0;
    let empty = true;
    // Somebody may have killed the process that waits for it in its place.
    if (cli !== null && enclosure !== null && isLiving(cli.pid, cli.startTicks)) enclosure.kill();
    if (cli !== null) ({ killed, empty } = await sweepAfterExit(order.executionId, cli.pid, performance.now() - cli.startedAt));
    // What hid from the sweep does not hide from this.
    if (enclosure !== null) empty = await enclosure.end();
    if (cli !== null && !(await keptWithin(cli.drained, LONGEST_DRAIN_MS))) cli.abandonPipes();
    const words: string[] = [];
    if (killed > 0) words.push(`${killed} ${killed === 1 ? "process" : "processes"} that the CLI left behind had to be ended.`);
    if (!empty) {
      words.push("Some processes that the CLI started could not be ended.");
      complain("Processes of an execution could not be ended.", { executionId: order.executionId, pid: cli?.pid ?? 0 });
    }
    return { killed, words };
  }

  /** Does what needs the disk. What fails once is not tried again; a full disk ends the execution. */
  function kept(what: string, write: () => void): void {
    if (broken.has(what)) return;
    try {
      write();
    } catch (error) {
      broken.add(what);
      complain(`The ${what} of an execution could not be kept any further.`, { executionId: order.executionId, error });
      if (isDiskFull(error)) execution.stop("disk_full", true, `The ${what} could not be written because the disk is full.`);
    }
  }

  function failed(error: unknown): void {
    if (!(error instanceof StartFailure)) complain("An execution failed in an unexpected way.", { executionId: order.executionId, error });
    if (cause !== null) return;
    cause = error instanceof StartFailure ? error.fault : "spawn_failed";
    words = wordsOf(error);
  }

  function report(exit: CliExit | null): Report {
    const answer = startedAt === null ? null : readAnswer(folder.output);
    // A CLI that found no room for its answer did nothing wrong.
    if (cause === "exited" && (exit?.code !== 0 || answer?.state !== "present") && isCrammed(folder.path)) {
      cause = "disk_full";
      words = "The disk was full when it ended, and it ended without a good answer.";
    }
    return {
      executionId: order.executionId,
      fence: order.fence,
      cause: cause ?? "exited",
      exitCode: exit?.code ?? null,
      signal: exit?.signal ?? "",
      answerState: answer?.state ?? "missing",
      answer: answer?.bytes ?? new Uint8Array(),
      error: words,
      stderrTail: log?.stderrTail() ?? "",
      facts: prepared?.parser.facts() ?? NO_FACTS,
      lastLogFrame: shipper.lastFrame(),
      startedAt,
      endedAt: Date.now(),
      containment: startedAt === null ? null : (enclosure?.level ?? "L0"),
    };
  }

  // Not in this very moment, so that the caller knows the execution before its first news arrives.
  queueMicrotask(() => {
    void carryOut().catch((error: unknown) => complain("An execution could not be reported.", { executionId: order.executionId, error }));
  });
  return execution;
}

interface Cleared {
  killed: number;
  /** What the log should say about it. */
  words: string[];
}

const NO_FACTS: CliFacts = { finalLine: "missing", fault: null, faultDetail: "", faultUntil: null, usage: null };
