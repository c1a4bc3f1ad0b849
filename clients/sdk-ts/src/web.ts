import { createConnectTransport } from "@connectrpc/connect-web";
import { retryDropped } from "./retry-dropped.ts";
import { createMalamar, type Malamar } from "./sdk.ts";
import { untimedStreams } from "./untimed-streams.ts";

/** For browsers, and for whatever else has `fetch`. Speaks JSON, so that the network panel can be read. */
export function createWebMalamar({ baseUrl, timeoutMs = 30_000 }: { baseUrl: string; timeoutMs?: number }): Malamar {
  return createMalamar({
    transport: untimedStreams(createConnectTransport({ baseUrl, defaultTimeoutMs: timeoutMs, interceptors: [retryDropped] })),
  });
}
