import { connect } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { LogsRequestSchema, LogsResponse } from "@malamar/proto/malamar/runner/v1/report_pb";
import { RunnerService, type ControlRequestSchema, type ControlResponse } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { createOutbox } from "./outbox.ts";
import type { ToSupervisor } from "./reports.ts";

/** One connection to the supervisor with its two streams. When one of them ends, all of it has ended. */
export interface Attachment {
  send: (message: ToSupervisor) => void;
  /** Opens the log stream; only after the supervisor has welcomed us. */
  openLogs: (frames: AsyncIterable<MessageInitShape<typeof LogsRequestSchema>>, onAnswer: (answer: LogsResponse) => void) => void;
  /** Aborted when the connection is gone. */
  gone: AbortSignal;
  /** Why it ended; never rejects. */
  ended: Promise<unknown>;
  close: () => void;
}

export interface AttachOrder {
  socketPath: string;
  headers: Record<string, string>;
  hello: ToSupervisor;
  onMessage: (message: ControlResponse) => void;
}

// The authority is only a name: the connection is always the Unix socket.
const BASE_URL = "http://localhost";

export function attach({ socketPath, headers, hello, onMessage }: AttachOrder): Attachment {
  const sessionManager = new Http2SessionManager(BASE_URL, {}, { createConnection: () => connect(socketPath) });
  const transport = createConnectTransport({
    httpVersion: "2",
    baseUrl: BASE_URL,
    sessionManager,
    useBinaryFormat: true,
    // The other end is on the same machine; log frames are compressed already.
    acceptCompression: [],
  });
  const client = createClient(RunnerService, transport);
  const gone = new AbortController();
  const outbox = createOutbox<MessageInitShape<typeof ControlRequestSchema>>();
  let end: (why: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    end = (why) => {
      gone.abort();
      sessionManager.abort();
      resolve(why);
    };
  });

  function follow(stream: Promise<void>): void {
    stream.then(() => end(new Error("the supervisor ended the stream")), end);
  }

  async function control(): Promise<void> {
    for await (const message of client.control(outbox, { signal: gone.signal, headers })) onMessage(message);
  }

  outbox.push({ message: hello });
  follow(control());
  return {
    send: (message) => outbox.push({ message }),
    openLogs(frames, onAnswer) {
      const logs = async () => {
        for await (const answer of client.logs(frames, { signal: gone.signal, headers })) onAnswer(answer);
      };
      follow(logs());
    },
    gone: gone.signal,
    ended,
    close: () => end(new Error("closed by this runner")),
  };
}
