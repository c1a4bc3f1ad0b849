// The runner's side of the protocol: one connection after the other to the same supervisor, and what is done with each
// of its messages. Messages are orders; nothing that a message says may end this process by mistake.
import { Code, ConnectError } from "@connectrpc/connect";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Grant } from "@malamar/proto/malamar/runner/v1/order_pb";
import {
  DispositionVerdict,
  SettledVerdict,
  type ControlResponse,
  type ReapTarget,
  type RenewAck,
  type Welcome,
} from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { complain } from "#errors/complain.ts";
import { wordsOf } from "#errors/start-failure.ts";
import type { Workshop } from "#execute/prepare.ts";
import type { ContainmentSetting } from "#process/containment.ts";
import { createEnclosures } from "#process/enclosures.ts";
import { reap } from "#process/reap.ts";
import { startTicks } from "#process/proc.ts";
import { isSafeName } from "#workdir/safe-name.ts";
import { createSpareFolders } from "#workdir/spare-folder.ts";
import { attach, type Attachment } from "./attach.ts";
import { createCarry } from "./carry.ts";
import { createCredits } from "./credits.ts";
import { createLogFeed } from "./log-feed.ts";
import { stopCause, toOrder } from "./orders.ts";
import { refusal, toComplete, toRenew, toStarted, type ToSupervisor } from "./reports.ts";

export interface ServeOrder {
  workshop: Omit<Workshop, "spares" | "enclosures">;
  containment: ContainmentSetting;
  socketPath: string;
  boot: bigint;
  token: string;
  /** How many executions at a time. */
  capacity: number;
  newId: () => string;
  /** How long without a supervisor and without work until this process ends itself. */
  longestUselessMs: number;
}

export interface Serving {
  /** Kept when there is nothing left to do here for ever. */
  done: Promise<void>;
  /** Ends all executions and delivers what can be delivered in the time. */
  shutDown: (deliverMs: number) => Promise<void>;
  /** Ends all executions without asking. */
  killAll: () => void;
}

const PROTOCOL_VERSION = 1;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_WELCOME_MS = 10_000;
const DEFAULT_RENEW_MS = 10_000;
const REAP_PAUSE_MS = 5_000;
const REFUSALS = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.FailedPrecondition, Code.Unimplemented]);

export function serve({ workshop: own, containment, socketPath, boot, token, capacity, newId, longestUselessMs }: ServeOrder): Serving {
  let attachment: Attachment | null = null;
  let welcomed = false;
  let retiring = false;
  let over = false;
  let finish: () => void = () => {};
  const done = new Promise<void>((resolve) => (finish = resolve));
  const enclosures = createEnclosures(containment);
  const workshop: Workshop = { ...own, spares: createSpareFolders(own.dataDir, own.runnerId), enclosures };
  const credits = createCredits(capacity, newId);
  const feed = createLogFeed((shipper) => carry.logMoved(shipper));
  const carry = createCarry({
    workshop,
    feed,
    isAttached: () => welcomed && attachment !== null,
    sendReport: (report) => send(toComplete(report)),
    onStarted(execution) {
      const started = toStarted(execution);
      if (started !== null) send(started);
    },
    onEnded: acquire,
    onEmpty: () => retiring && end(),
  });

  /** What is said while the supervisor is away is not lost: it follows from what is held, and is said again. */
  function send(message: ToSupervisor): void {
    if (welcomed) attachment?.send(message);
  }

  function end(): void {
    over = true;
    carry.clean();
    workshop.spares.remove();
    enclosures.close();
    attachment?.close();
    finish();
  }

  function acquire(): void {
    for (const requestId of credits.topUp(carry.running().length)) send({ case: "acquire", value: { requestId } });
  }

  async function stayAttached(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    let uselessSince = performance.now();
    while (!over) {
      const since = performance.now();
      const why = await attachOnce();
      if (over) return;
      if (welcomed) {
        // A connection that breaks again at once is no reason to hurry.
        if (performance.now() - since > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
        uselessSince = performance.now();
        complain("The supervisor is away; what runs goes on.", { why: wordsOf(why), carried: carry.count() });
      }
      welcomed = false;
      const refused = why instanceof ConnectError && REFUSALS.has(why.code);
      carry.keep();
      carry.dropOrphans();
      // A report that the supervisor refuses to take stays on the disk; only what still runs needs this process.
      const useful = refused ? carry.running().length > 0 : carry.count() > 0;
      if (useful) uselessSince = performance.now();
      else if (retiring || performance.now() - uselessSince > longestUselessMs) return end();
      await pauseFor(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  async function attachOnce(): Promise<unknown> {
    const current = attach({
      socketPath,
      headers: { "malamar-runner": workshop.runnerId, authorization: `Bearer ${token}` },
      hello: hello(),
      onMessage: (message) => {
        try {
          handle(current, message);
        } catch (error) {
          complain("A message of the supervisor could not be followed.", { message: message.message.case ?? "unknown", error });
        }
      },
    });
    attachment = current;
    const late = setTimeout(() => welcomed || current.close(), LONGEST_WELCOME_MS);
    const why = await current.ended;
    clearTimeout(late);
    attachment = null;
    return why;
  }

  function hello(): ToSupervisor {
    return {
      case: "hello",
      value: {
        runnerId: workshop.runnerId,
        boot,
        token,
        protocolVersion: PROTOCOL_VERSION,
        pid: process.pid,
        pidStartTicks: startTicks(process.pid),
        held: carry.held(),
      },
    };
  }

  function handle(current: Attachment, { message }: ControlResponse): void {
    switch (message.case) {
      case "welcome":
        return onWelcome(current, message.value);
      case "grant":
        return onGrant(message.value);
      case "renewAck":
        return onRenewAck(message.value);
      case "settled":
        return carry.settled(message.value.executionId, message.value.verdict === SettledVerdict.UNKNOWN);
      case "stop":
        return carry.stop(message.value.executionId, stopCause(message.value.reason), true);
      case "reap":
        for (const target of message.value.targets) void onReap(target);
        return;
      case "retire":
        retiring = true;
        credits.close();
        if (carry.count() === 0) end();
        return;
      // Which workspaces this runner serves is decided by what it is granted.
      case "assign":
      case undefined:
        return;
    }
  }

  function onWelcome(current: Attachment, welcome: Welcome): void {
    welcomed = true;
    workshop.spares.refill();
    // Found out now, so that the first execution does not wait for it. Who asked for too much hears it with that one.
    enclosures.level().then(enclosures.refill, () => {});
    for (const { executionId, verdict } of welcome.dispositions) if (verdict === DispositionVerdict.DROP) carry.drop(executionId);
    current.openLogs(feed.frames(current.gone), feed.stored);
    for (const execution of carry.running()) {
      const started = toStarted(execution);
      if (started !== null) send(started);
    }
    carry.deliverAll();
    for (const requestId of credits.open()) send({ case: "acquire", value: { requestId } });
    acquire();
    const every = (welcome.renewInterval && durationMs(welcome.renewInterval)) || DEFAULT_RENEW_MS;
    const renewal = setInterval(() => send(toRenew(carry.running())), every);
    current.gone.addEventListener("abort", () => clearInterval(renewal));
  }

  function onGrant(grant: Grant): void {
    credits.answered(grant.requestId);
    const carried = carry.get(grant.executionId);
    if (carried === undefined) {
      try {
        carry.start(toOrder(grant));
      } catch (error) {
        complain("A grant could not be followed.", { executionId: grant.executionId, error });
        send(refusal(grant, error));
      }
    } else if (carried.running !== null) {
      // Our answer to the first one may have been lost.
      const started = toStarted(carried.running);
      if (started !== null) send(started);
    }
    acquire();
  }

  function onRenewAck(ack: RenewAck): void {
    for (const { executionId, reason } of ack.stops) carry.stop(executionId, stopCause(reason), true);
    // Somebody else may already work on the same step, so there is no time for politeness.
    for (const executionId of ack.stale) carry.stop(executionId, "cancelled", false, "The supervisor no longer counts on this execution.");
  }

  async function onReap({ executionId, pid, pidStartTicks }: ReapTarget): Promise<void> {
    let killed = 0;
    for (;;) {
      const swept = await reap(executionId, pid, pidStartTicks);
      killed += swept.killed;
      if (swept.empty || over) break;
      complain("Processes of a lost execution live on; they are looked for again.", { executionId, pid });
      await pauseFor(REAP_PAUSE_MS);
    }
    // What it had finished is worth more than the news of its death.
    if (!isSafeName(executionId) || !carry.takeOver(executionId)) send({ case: "reaped", value: { executionId, killed } });
  }

  async function shutDown(deliverMs: number): Promise<void> {
    retiring = true;
    credits.close();
    for (const execution of carry.running()) execution.stop("supervisor_stopping", true);
    while (carry.running().length > 0) await pauseFor(10);
    const deadline = performance.now() + deliverMs;
    while (!over && welcomed && carry.count() > 0 && performance.now() < deadline) await pauseFor(10);
    carry.keep();
    end();
  }

  if (boot > 1n) carry.takeUp();
  void stayAttached();
  return {
    done,
    shutDown,
    killAll() {
      for (const execution of carry.running()) execution.stop("supervisor_stopping", false);
    },
  };
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
