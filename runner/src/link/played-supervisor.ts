// For tests: a real Connect server on a real Unix socket that plays the supervisor by hand. Every message of the runner
// is kept in order; orders are sent by the test.
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { zstdDecompressSync, crc32 } from "node:zlib";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { LogChunkSchema, type LogLine } from "@malamar/proto/malamar/v1/log_pb";
import type { Complete, LogsRequest, LogsResponseSchema } from "@malamar/proto/malamar/runner/v1/report_pb";
import {
  RunnerService,
  SettledVerdict,
  type ControlRequest,
  type ControlResponseSchema,
  type WelcomeSchema,
} from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { createOutbox, type Outbox } from "./outbox.ts";

type ToRunner = NonNullable<Exclude<MessageInitShape<typeof ControlResponseSchema>, { $typeName: string }>["message"]>;
type Kind = NonNullable<ControlRequest["message"]["case"]>;
type Said<K extends Kind> = Extract<ControlRequest["message"], { case: K }>["value"];

export interface PlayedSupervisor {
  listen: () => Promise<void>;
  /** As if it were killed: every connection breaks. */
  vanish: () => Promise<void>;
  send: (message: ToRunner) => void;
  /** The next message of this kind that no call has returned yet. */
  next: <K extends Kind>(kind: K) => Promise<Said<K>>;
  /** How many messages of this kind have come that no call has returned. */
  waiting: (kind: Kind) => number;
  /** What the Welcome says. */
  welcome: MessageInitShape<typeof WelcomeSchema>;
  settle: boolean;
  /** false = log frames are taken and not answered. */
  storeLogs: boolean;
  frames: LogsRequest[];
  /** The stored log of one execution; throws when a frame is damaged. Frames that came twice count once. */
  log: (executionId: string) => LogLine[];
  completes: Complete[];
}

export function playSupervisor(socketPath: string): PlayedSupervisor {
  let server: Http2Server | null = null;
  let outbox: Outbox<MessageInitShape<typeof ControlResponseSchema>> = createOutbox();
  const sessions = new Set<ServerHttp2Session>();
  const said: ControlRequest["message"][] = [];
  const wanted: { kind: Kind; give: (value: never) => void }[] = [];
  const stored = new Map<string, LogsRequest[]>();

  function hear(message: ControlRequest["message"]): void {
    const at = wanted.findIndex(({ kind }) => kind === message.case);
    if (at === -1) said.push(message);
    else wanted.splice(at, 1)[0]?.give(message.value as never);
  }

  const played: PlayedSupervisor = {
    welcome: {},
    settle: true,
    storeLogs: true,
    frames: [],
    completes: [],
    send: (message) => outbox.push({ message }),
    waiting: (kind) => said.filter((each) => each.case === kind).length,
    next(kind) {
      const at = said.findIndex((each) => each.case === kind);
      if (at !== -1) return Promise.resolve(said.splice(at, 1)[0]?.value as never);
      return new Promise((give) => wanted.push({ kind, give }));
    },
    log: (executionId) => (stored.get(executionId) ?? []).flatMap((frame) => readFrame(frame)),
    listen() {
      const adapter = connectNodeAdapter({ acceptCompression: [], routes: (router) => router.service(RunnerService, { control, logs }) });
      server = createServer(adapter);
      server.on("session", (session) => {
        sessions.add(session);
        session.on("close", () => sessions.delete(session));
        session.on("error", () => {});
      });
      return new Promise((ready) => server?.listen(socketPath, ready));
    },
    vanish() {
      for (const session of sessions) session.destroy();
      return new Promise((gone) => server?.close(() => gone()));
    },
  };

  async function* control(requests: AsyncIterable<ControlRequest>): AsyncIterable<MessageInitShape<typeof ControlResponseSchema>> {
    outbox = createOutbox();
    const answers = outbox;
    void (async () => {
      try {
        for await (const { message } of requests) {
          if (message.case === "hello") answers.push({ message: { case: "welcome", value: played.welcome } });
          if (message.case === "complete") {
            played.completes.push(message.value);
            const { executionId } = message.value;
            if (played.settle) answers.push({ message: { case: "settled", value: { executionId, verdict: SettledVerdict.APPLIED } } });
          }
          hear(message);
        }
      } catch {
        // The connection broke, as it should in some tests.
      }
      answers.end();
    })();
    yield* answers;
  }

  async function* logs(requests: AsyncIterable<LogsRequest>): AsyncIterable<MessageInitShape<typeof LogsResponseSchema>> {
    for await (const frame of requests) {
      played.frames.push(frame);
      if (!played.storeLogs) continue;
      const kept = stored.get(frame.executionId) ?? [];
      stored.set(frame.executionId, kept);
      if (frame.sequence === BigInt(kept.length + 1)) kept.push(frame);
      yield { executionId: frame.executionId, nextSequence: BigInt(kept.length + 1) };
    }
  }

  return played;
}

function readFrame(frame: LogsRequest): LogLine[] {
  if (crc32(frame.payload) !== frame.checksum) throw new Error("the checksum of a frame is wrong");
  const { lines } = fromBinary(LogChunkSchema, zstdDecompressSync(frame.payload));
  if (lines.length !== frame.lineCount || lines[0]?.number !== frame.firstLine)
    throw new Error("a frame says something wrong about itself");
  return lines;
}
