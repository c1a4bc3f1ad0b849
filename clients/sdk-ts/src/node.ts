import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { retryDropped } from "./retry-dropped.ts";
import { createMalamar, type Malamar } from "./sdk.ts";
import { untimedStreams } from "./untimed-streams.ts";

export const DEFAULT_URL = "http://127.0.0.1:3456";

export interface NodeOptions {
  /** Default: the environment's MALAMAR_URL, else http://127.0.0.1:3456. */
  url?: string | undefined;
  token?: string | undefined;
  /** For one answer; streams have none. */
  timeoutMs?: number;
}

/**
 * For Node. HTTP/1.1, because it carries unary calls and server streams alike, passes every proxy, and says plainly when a connection
 * broke; over HTTP/2 a vanished server looks like a call that the caller cancelled.
 */
export function createNodeMalamar({ url, token, timeoutMs = 30_000 }: NodeOptions = {}): Malamar {
  const baseUrl = serverUrl(url ?? process.env["MALAMAR_URL"]);
  // Probing the open socket finds out within half a minute that the machine at the other end is gone, also while nothing is being said.
  const probe = { keepAlive: true, keepAliveInitialDelay: 15_000 };
  const agent = baseUrl.startsWith("https:") ? new HttpsAgent(probe) : new HttpAgent(probe);
  const interceptors = token === undefined ? [retryDropped] : [bearer(token), retryDropped];
  return createMalamar({
    transport: untimedStreams(
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { agent }, defaultTimeoutMs: timeoutMs, interceptors }),
    ),
  });
}

/** Makes an address of what people type: `localhost:3456` and a trailing slash are fine. */
export function serverUrl(text: string | undefined): string {
  const given = text?.trim();
  if (given === undefined || given === "") return DEFAULT_URL;
  const full = given.includes("://") ? given : `http://${given}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`"${given}" is not an address of a Malamar server; write it like ${DEFAULT_URL}`);
  }
  return url.href.replace(/\/+$/, "");
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("Authorization", `Bearer ${token}`);
    return next(request);
  };
}
