import { connect } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type LogsRequestSchema, LogsRequestSchema as LogsRequest } from "@malamar/proto/malamar/runner/v1/report_pb";
import {
  type ControlRequestSchema,
  ControlRequestSchema as ControlRequest,
  RunnerService,
} from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { createOutbox } from "./outbox.ts";

type Said = NonNullable<Exclude<MessageInitShape<typeof ControlRequestSchema>, { $typeName: string }>["message"]>;
type Frame = MessageInitShape<typeof LogsRequestSchema>;

/** A runner's side of its two streams over the real socket, played by hand. For tests. */
export function dialAsRunner(path: string, { id, token }: { id: string; token: string }) {
  const transport = createConnectTransport({
    httpVersion: "2",
    baseUrl: "http://runner",
    acceptCompression: [],
    nodeOptions: { createConnection: () => connect(path) },
  });
  const client = createClient(RunnerService, transport);
  return {
    control() {
      const out = createOutbox<MessageInitShape<typeof ControlRequestSchema>>();
      const answers = client.control(out)[Symbol.asyncIterator]();
      return {
        say: (message: Said) => out.push(create(ControlRequest, { message })),
        /** The next message of the supervisor. Throws when the stream ended with an error; undefined when it just ended. */
        async hear() {
          const { value, done } = await answers.next();
          return done === true ? undefined : value.message;
        },
        hangUp: () => out.end(),
      };
    },
    logs() {
      const out = createOutbox<Frame>();
      const answers = client.logs(out, { headers: { "malamar-runner": id, authorization: `Bearer ${token}` } })[Symbol.asyncIterator]();
      return {
        send: (frame: Frame) => out.push(create(LogsRequest, frame)),
        async hear() {
          const { value, done } = await answers.next();
          return done === true ? undefined : { executionId: value.executionId, next: Number(value.nextSequence) };
        },
        hangUp: () => out.end(),
      };
    },
  };
}
