import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Complete } from "@malamar/proto/malamar/runner/v1/report_pb";
import {
  type Acquire,
  type ControlRequest,
  type Hello,
  type Reaped,
  type Renew,
  type Started,
} from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { must } from "#errors/must.ts";
import { Problem } from "#errors/problem.ts";
import { executionOfRequest, findExecution } from "#executions/execution-table.ts";
import { endLog } from "#logs/end-log.ts";
import { buildGrant } from "#loop/build-grant.ts";
import { confirmDead } from "#loop/confirm-dead.ts";
import { markStarted } from "#loop/mark-started.ts";
import { noteProgress } from "#loop/note-progress.ts";
import { settleReport } from "#loop/settle-report.ts";
import { greetRunner } from "#runners/greet-runner.ts";
import { loseUnheld } from "#runners/lose-unheld.ts";
import { reapTargets } from "#runners/reap-targets.ts";
import type { Order } from "#runners/registry.ts";
import { findRunner } from "#runners/runner-table.ts";
import { decodeContainment, decodeReport, VERDICTS } from "./decode-report.ts";
import { dispositions } from "./dispositions.ts";
import type { Duplex } from "./duplex.ts";
import { encodeOrder, encodeStop, type ToRunner } from "./encode-grant.ts";
import { mayDeliver } from "./may-deliver.ts";
import type { Outbox } from "./outbox.ts";
import type { RunnerServiceDeps } from "./runner-service.ts";

export const PROTOCOL_VERSION = 1;

/** One runner's side of the control stream, from its Hello to its end. Throwing ends the stream with the error's words. */
export function controlStream(
  { deps, registry, logs, grantSettings, epoch, renewInterval, lease, goOn, helloTimeout = 10_000, log }: RunnerServiceDeps,
  outbox: Outbox<ToRunner>,
): Duplex<ControlRequest> {
  const { store } = deps;
  let runner: { id: string; boot: number } | undefined;
  let open = true;

  const tooLate = setTimeout(() => outbox.end(helloFirst()), helloTimeout);
  function close(): void {
    open = false;
    outbox.end(new Problem("conflict", "replaced", "Another stream of this runner took over, or it was given up.", "Connect again."));
  }
  const say = (message: NonNullable<ToRunner["message"]>) => outbox.push({ message });
  const send = (order: Order) => outbox.push(encodeOrder(order, lease));

  /** Answers leave when what they answer is on disk; meanwhile the next message is taken, so that many share a commit. */
  function whenDurable(answer: () => void): void {
    store.durable().then(answer, (error: unknown) => outbox.end(error));
  }

  async function hello(message: Hello): Promise<void> {
    if (message.protocolVersion !== PROTOCOL_VERSION) {
      throw new Problem(
        "wrong_state",
        "protocol_version",
        `This supervisor speaks version ${PROTOCOL_VERSION} of the runner protocol, the runner ${message.protocolVersion}; nothing was changed.`,
        "Let the runner finish with the supervisor it was started by, or end it.",
      );
    }
    const { runnerId: id, token, pid } = message;
    const boot = Number(message.boot);
    const held = message.held.map(({ executionId, fence, finished }) => ({ executionId, fence: Number(fence), finished }));
    const verdicts = store.transact((db) => {
      greetRunner(deps, { id, boot, token, pid, pidStartTicks: Number(message.pidStartTicks) });
      loseUnheld(deps, { id, boot }, new Set(held.map((one) => one.executionId)));
      return dispositions(db, id, held);
    });
    await store.durable();
    // Meanwhile it may have been assigned, or given up; from here on nothing comes between.
    const { present, targets } = store.transact((db) => {
      const row = must(findRunner(db, id), "A greeted runner has no row.");
      return { present: row, targets: reapTargets(db, row.workspaceIds) };
    });
    if (present.endedAt !== null)
      throw new Problem("wrong_state", "runner_ended", "This runner was given up as lost meanwhile.", "End it.");
    clearTimeout(tooLate);
    runner = { id, boot };
    const { workspaceIds } = present;
    const welcome = { epoch: BigInt(epoch), renewInterval: durationFromMs(renewInterval), dispositions: verdicts.keepOrDrop, workspaceIds };
    say({ case: "welcome", value: welcome });
    if (verdicts.stale.length > 0) say({ case: "renewAck", value: { stale: verdicts.stale } });
    if (targets.length > 0) send({ type: "reap", targets });
    registry.attach({ id, boot, workspaceIds, send, close });
  }

  function acquire({ id, boot }: { id: string; boot: number }, { requestId }: Acquire): void {
    if (requestId === "") throw broken("an Acquire without a request id");
    const granted = store.transact((db) => {
      const execution = executionOfRequest(db, id, boot, requestId);
      if (execution === undefined) return undefined;
      // One that is being proven dead must not be started after that.
      if (execution.state === "ended" || execution.state === "reaping") return "over" as const;
      return { grant: buildGrant(db, execution, grantSettings()), stopReason: execution.stopReason };
    });
    if (granted === undefined) return registry.addCredit(id, requestId);
    if (granted === "over") return log.warn(`Runner ${id} asked again with request ${requestId}, whose execution is over.`);
    const { grant, stopReason } = granted;
    whenDurable(() => {
      send({ type: "grant", grant });
      if (stopReason !== "none") send({ type: "stop", executionId: grant.executionId, reason: stopReason });
    });
  }

  function started({ executionId, fence, pid, pidStartTicks, time, containment: level }: Started): void {
    const startedAt = time === undefined ? deps.now() : timestampMs(time);
    const containment = decodeContainment(level);
    markStarted(deps, { executionId, fence: Number(fence), pid, pidStartTicks: Number(pidStartTicks), startedAt, containment });
  }

  function renew(id: string, { progress }: Renew): void {
    registry.measure(
      id,
      progress.map(({ executionId, processes, memoryBytes }) => ({
        executionId,
        processes: processes ?? null,
        memoryBytes: memoryBytes === undefined ? null : Number(memoryBytes),
        at: deps.now(),
      })),
    );
    const stops: ReturnType<typeof encodeStop>[] = [];
    const stale: string[] = [];
    for (const { executionId, fence, silent } of progress) {
      const execution = findExecution(store.reader, executionId);
      const theirs = execution?.runnerId === id && noteProgress(deps, { executionId, fence: Number(fence), silent }) === "ok";
      if (!theirs) stale.push(executionId);
      else if (execution.stopReason !== "none") stops.push(encodeStop(executionId, execution.stopReason));
    }
    whenDurable(() => say({ case: "renewAck", value: { stops, stale } }));
  }

  async function complete(id: string, message: Complete): Promise<void> {
    const { executionId } = message;
    const report = decodeReport(message, deps.now());
    const { execution, delivers } = store.transact((db) => {
      const found = findExecution(db, executionId);
      // Said again after it was settled, it is recognised as the same.
      return { execution: found, delivers: found === undefined || found.reportSha256 === report.sha256 || mayDeliver(db, id, found) };
    });
    if (!delivers) throw broken(`a report about execution ${executionId}, which it never had`);
    const verdict = settleReport(deps, report);
    // In the same turn where it can be, so that report and figures share a commit.
    const logged = verdict === "unknown" ? undefined : endLog(logs, executionId, report.lastLogFrame);
    if (execution !== undefined) goOn?.(execution.workspaceId);
    whenDurable(() => say({ case: "settled", value: { executionId, verdict: VERDICTS[verdict] } }));
    await logged;
  }

  function reaped({ executionId, killed }: Reaped): void {
    confirmDead(deps, executionId);
    if (killed > 0) log.info(`${killed} processes that execution ${executionId} had left behind were killed.`);
    // Whatever of its log its runner had not sent yet died with it.
    logs.counting.flush(executionId);
    logs.files.close(executionId);
    logs.hub.wake(executionId);
  }

  return {
    take({ message }) {
      // What still arrives on a stream that was taken over is of the runner's past. It says again what it was not answered.
      if (!open) return;
      if (message.case === "hello") {
        if (runner !== undefined) throw broken("a second Hello");
        return hello(message.value);
      }
      if (runner === undefined) throw helloFirst();
      registry.heard(runner.id);
      switch (message.case) {
        case "acquire":
          return acquire(runner, message.value);
        case "started":
          return started(message.value);
        case "renew":
          return renew(runner.id, message.value);
        case "complete":
          return complete(runner.id, message.value);
        case "reaped":
          return reaped(message.value);
        case undefined:
          throw broken("a message that this supervisor does not know");
      }
    },
    over() {
      open = false;
      clearTimeout(tooLate);
      if (runner !== undefined) registry.detach(runner.id, close);
    },
  };
}

function broken(what: string): Problem {
  return new Problem(
    "invalid",
    "broken_message",
    `The runner sent ${what}; what it said before is kept.`,
    "Connect again; if it happens again, end the runner.",
  );
}

function helloFirst(): Problem {
  return new Problem(
    "unauthenticated",
    "hello_first",
    "The first message of the control stream has to be Hello.",
    "Connect again and say Hello first.",
  );
}
