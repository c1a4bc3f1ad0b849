import type { Transport } from "@connectrpc/connect";

/** The time limit of a transport is meant for single answers; a stream lives as long as somebody listens. */
export function untimedStreams(transport: Transport): Transport {
  return {
    unary: (...call) => transport.unary(...call),
    stream: (method, signal, timeoutMs, ...rest) => transport.stream(method, signal, timeoutMs ?? 0, ...rest),
  };
}
