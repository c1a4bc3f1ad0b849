import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Complete, AnswerState, CompleteSchema, EndCause, FinalLine } from "@malamar/proto/malamar/runner/v1/report_pb";
import {
  type ControlRequest,
  ControlRequestSchema,
  DispositionVerdict,
  StopReason,
} from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { PROTOCOL_VERSION } from "#rpc/control-stream.ts";
import type { ToRunner } from "#rpc/encode-grant.ts";
import type { Clock } from "./clock.ts";
import type { Dice } from "./dice.ts";

/** One CLI process on the machine. It lives until it ends by itself or somebody kills it, whatever becomes of its runner. */
export interface CliProcess {
  executionId: string;
  workspaceId: string;
  alive: boolean;
}

/** What a CLI left in its answer file. */
export interface Produced {
  executionId: string;
  /** Unique text of its comment, if it made one. */
  comment: string | undefined;
  report: Complete;
}

export interface Connection {
  /** Towards the supervisor. */
  send(message: ControlRequest): void;
  cut(): void;
}

export interface Machine {
  clock: Clock;
  dice: Dice;
  processes: CliProcess[];
  produced: Produced[];
  /** Opens a control stream, or says that nobody listens. */
  connect(runnerId: string, hear: (message: ToRunner) => void, lost: () => void): Connection | undefined;
  /** The kernel tells the parent, if there is one. */
  exited(runnerId: string): void;
  faulty(): boolean;
}

interface Held {
  executionId: string;
  fence: bigint;
  process: CliProcess;
  cause: EndCause;
  report: Complete | undefined;
}

export interface RunnerProcess {
  id: string;
  alive: boolean;
  /** SIGSTOP: it neither hears nor speaks. */
  frozen: boolean;
  carries(): number;
  kill(): void;
  /** The stream breaks; both sides notice. */
  cut(): void;
}

const CREDITS = 2;
const RENEW = 10_000;
let comments = 0;

/** A runner as its supervisor knows it: what it says and hears, its processes, its crashes. */
export function launchRunner(machine: Machine, { id, token, pid }: { id: string; token: string; pid: number }): RunnerProcess {
  const { clock, dice, processes, produced } = machine;
  const held = new Map<string, Held>();
  const requests = new Set<string>();
  let connection: Connection | undefined;
  let greeted = false;
  let retiring = false;
  let asked = 0;
  const self: RunnerProcess = { id, alive: true, frozen: false, carries: () => held.size, kill, cut };

  /** Whatever a runner does, it does only while it lives and is not frozen; a frozen one does it when it thaws. */
  function later(delay: number, work: () => void): void {
    clock.after(delay, function act() {
      if (!self.alive) return;
      if (self.frozen) clock.after(500, act);
      else work();
    });
  }

  function kill(): void {
    if (!self.alive) return;
    self.alive = false;
    connection?.cut();
    clock.after(dice.between(1, 50), () => machine.exited(id));
  }

  function cut(): void {
    connection?.cut();
  }

  function connect(): void {
    if (!self.alive || connection !== undefined) return;
    greeted = false;
    // What one stream brings is read in order, its end last, and nothing of it after that.
    const inbox: (() => void)[] = [];
    const read = (work: () => void) => {
      if (inbox.push(work) === 1) later(0, drain);
    };
    const drain = () => {
      for (const work of inbox.splice(0)) if (self.alive) work();
    };
    connection = machine.connect(
      id,
      (message) => read(() => hear(message)),
      () => read(lost),
    );
    if (connection === undefined) return later(dice.between(100, 5000), connect);
    say({
      case: "hello",
      value: {
        runnerId: id,
        boot: 1n,
        token,
        protocolVersion: PROTOCOL_VERSION,
        pid,
        pidStartTicks: 1n,
        held: [...held.values()].map(({ executionId, fence, report }) => ({ executionId, fence, finished: report !== undefined })),
      },
    });
  }

  function lost(): void {
    connection = undefined;
    greeted = false;
    later(dice.between(100, 3000), connect);
  }

  function say(message: NonNullable<MessageInitShape<typeof ControlRequestSchema>["message"]>): void {
    connection?.send(create(ControlRequestSchema, { message }));
  }

  function ask(): void {
    while (!retiring && requests.size < CREDITS) requests.add(`r${++asked}`);
    for (const requestId of requests) say({ case: "acquire", value: { requestId } });
  }

  function hear({ message }: ToRunner): void {
    switch (message?.case) {
      case "welcome": {
        greeted = true;
        for (const { executionId, verdict } of message.value.dispositions ?? []) {
          if (verdict === DispositionVerdict.DROP) forget(executionId as string, true);
        }
        ask();
        for (const each of held.values()) if (each.report !== undefined) deliver(each);
        return;
      }
      case "grant":
        return grant(message.value as never);
      case "stop":
        return stop(
          message.value.executionId as string,
          message.value.reason === StopReason.SUPERVISOR_STOPPING ? EndCause.SUPERVISOR_STOPPING : EndCause.CANCELLED,
        );
      case "renewAck": {
        for (const { executionId, reason } of message.value.stops ?? []) {
          stop(executionId as string, reason === StopReason.SUPERVISOR_STOPPING ? EndCause.SUPERVISOR_STOPPING : EndCause.CANCELLED);
        }
        for (const executionId of message.value.stale ?? []) stop(executionId, EndCause.CANCELLED);
        return;
      }
      case "settled":
        forget(message.value.executionId as string, false);
        return;
      case "reap": {
        for (const { executionId } of message.value.targets ?? []) {
          later(dice.between(5, 400), () => {
            for (const each of processes) if (each.executionId === executionId) each.alive = false;
            say({ case: "reaped", value: { executionId: executionId as string, killed: 1 } });
          });
        }
        return;
      }
      case "retire":
        retiring = true;
        requests.clear();
        return leaveIfIdle();
      case "assign":
      case undefined:
        return;
    }
  }

  function leaveIfIdle(): void {
    if (retiring && held.size === 0) kill();
  }

  function forget(executionId: string, killing: boolean): void {
    const each = held.get(executionId);
    if (each === undefined) return;
    if (killing) each.process.alive = false;
    held.delete(executionId);
    leaveIfIdle();
    if (self.alive && greeted) ask();
  }

  function grant({
    requestId,
    executionId,
    fence,
    workspaceId,
  }: {
    requestId: string;
    executionId: string;
    fence: bigint;
    workspaceId: string;
  }): void {
    requests.delete(requestId);
    // The same order a second time: it asked again before the first one came.
    if (held.has(executionId)) return;
    const process: CliProcess = { executionId, workspaceId, alive: true };
    const mine: Held = { executionId, fence, process, cause: EndCause.UNSPECIFIED, report: undefined };
    held.set(executionId, mine);
    later(dice.between(1, 30), () => {
      if (!held.has(executionId)) return;
      if (mine.cause !== EndCause.UNSPECIFIED) return finish(mine, undefined);
      processes.push(process);
      say({ case: "started", value: { executionId, fence, pid: 4000 + processes.length, pidStartTicks: 1n } });
      // Some never end by themselves: only a stop ends them.
      if (!dice.chance(0.07)) clock.after(dice.between(200, dice.chance(0.1) ? 90_000 : 8000), () => end(mine));
    });
    ask();
  }

  /** The CLI ends by itself, also when nobody looks after it any more. */
  function end(mine: Held): void {
    if (!mine.process.alive) return;
    mine.process.alive = false;
    later(dice.between(0, 20), () => held.has(mine.executionId) && mine.report === undefined && finish(mine, answer(dice)));
  }

  function stop(executionId: string, cause: EndCause): void {
    const mine = held.get(executionId);
    if (mine === undefined || mine.report !== undefined || mine.cause !== EndCause.UNSPECIFIED) return;
    mine.cause = cause;
    if (!processes.includes(mine.process)) return;
    later(dice.between(5, dice.chance(0.1) ? 10_000 : 300), () => {
      if (mine.report !== undefined) return;
      mine.process.alive = false;
      finish(mine, undefined);
    });
  }

  function finish(mine: Held, said: Answer | undefined): void {
    const stopped = mine.cause !== EndCause.UNSPECIFIED;
    const bytes = said?.text === undefined ? new Uint8Array() : new TextEncoder().encode(said.text);
    mine.report = create(CompleteSchema, {
      executionId: mine.executionId,
      fence: mine.fence,
      cause: stopped ? mine.cause : EndCause.EXITED,
      ...(said === undefined ? { signal: "SIGTERM" } : { exitCode: said.exitCode }),
      answerState: said?.text === undefined ? AnswerState.MISSING : AnswerState.PRESENT,
      answer: bytes,
      facts: { finalLine: FinalLine.NOT_EXPECTED },
    });
    produced.push({ executionId: mine.executionId, comment: stopped ? undefined : said?.comment, report: mine.report });
    if (greeted) deliver(mine);
  }

  function deliver({ report }: Held): void {
    if (report === undefined) return;
    say({ case: "complete", value: report });
    if (machine.faulty() && dice.chance(0.05)) say({ case: "complete", value: report });
  }

  function renew(): void {
    const progress = [...held.values()]
      .filter(({ report }) => report === undefined)
      .map(({ executionId, fence }) => ({ executionId, fence }));
    if (greeted && progress.length > 0) say({ case: "renew", value: { progress } });
    later(RENEW, renew);
  }

  later(dice.between(20, 200), connect);
  later(RENEW, renew);
  return self;
}

interface Answer {
  exitCode: number;
  text: string | undefined;
  comment: string | undefined;
}

function answer(dice: Dice): Answer {
  const kind = dice.roll();
  if (kind < 0.06) return { exitCode: 1, text: undefined, comment: undefined };
  if (kind < 0.1) return { exitCode: 0, text: dice.chance(0.5) ? undefined : "{", comment: undefined };
  if (kind < 0.16) return { exitCode: 0, text: '{"actions":[{"type":"change_status","status":"in_review"}]}', comment: undefined };
  if (kind < 0.35) {
    const comment = `c${++comments}`;
    return { exitCode: 0, text: JSON.stringify({ actions: [{ type: "comment", content: comment }] }), comment };
  }
  return { exitCode: 0, text: '{"actions":[{"type":"skip"}]}', comment: undefined };
}
