import type { Server } from "node:http";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { decide } from "./guard.ts";
import { createOnePort } from "./one-port.ts";
import { ownNames } from "./own-names.ts";
import type { OwnNames } from "./own-names.ts";
import { replyJson, replyRefusal } from "./reply.ts";
import { readFacts } from "./request-facts.ts";
import type { Request, Response } from "./request-facts.ts";
import { createRpcHandler } from "./rpc-handler.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { createStaticWeb } from "./static-web.ts";

export interface HttpServerOptions {
  /** Addresses to listen on, the first of them for certain. */
  addresses: readonly string[];
  /** 0 = any free one. */
  port: number;
  /** Names besides loopback that requests may be addressed to. */
  hostNames: readonly string[];
  /** Built web app. */
  webFolder: string;
  routes: (router: ConnectRouter) => void;
  interceptors: Interceptor[];
  /** Whether the store answers, and what /healthz says besides. */
  health: () => { healthy: boolean } & Record<string, unknown>;
  limits?: HttpLimits;
  log: Logger;
}

/** Bytes and milliseconds. */
export interface HttpLimits {
  messageBytes: number;
  headerBytes: number;
  headersTimeout: number;
  requestTimeout: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  messageBytes: 4 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
};

export interface HttpServer {
  port: number;
  /** Takes nothing new, ends streams, lets answers on their way finish, and cuts what is left after the grace. */
  close: (grace: number) => Promise<void>;
}

/** Opens the one port: API, web app and /healthz behind the guard. Rejects with Node's own error when the port is taken. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { limits = DEFAULT_LIMITS } = options;
  const closing = new AbortController();
  const handleRpc = createRpcHandler({ ...options, messageBytes: limits.messageBytes, shutdownSignal: closing.signal });
  const serveWeb = createStaticWeb(options.webFolder);
  let names: OwnNames = ownNames(options.port, options.hostNames);

  function handle(request: Request, response: Response): void {
    const since = performance.now();
    setSecurityHeaders(response);
    // A client that left; without a listener it would be an uncaught exception.
    response.on("error", () => {});
    const verdict = decide(readFacts(request), { names, isRpc: handleRpc.isRpc });
    response.once("close", () => {
      // A connection that is kept alive turns idle after its answer, and closing sees only those that are idle already.
      if (closing.signal.aborted) setImmediate(closeIdle);
      const ms = Math.round(performance.now() - since);
      options.log.debug(
        { method: request.method, path: verdict.pass ? verdict.path : request.url, status: response.statusCode, ms },
        "request",
      );
    });
    if (!verdict.pass) {
      if (verdict.status === 405) response.setHeader("Allow", handleRpc.isRpc(pathOf(request)) ? "POST" : "GET, HEAD");
      replyRefusal(response, verdict.status, verdict.code, verdict.message);
      return;
    }
    answer(request, response, verdict).catch((error: unknown) => failed(request, response, error));
  }

  async function answer(request: Request, response: Response, { kind, path }: { kind: "rpc" | "page"; path: string }): Promise<void> {
    if (request.headers.expect === "100-continue") response.writeContinue();
    if (kind === "rpc") handleRpc.handle(request, response, path);
    else if (path === "/healthz") replyHealth(response, options.health);
    else await serveWeb(request, response, path);
  }

  function failed(request: Request, response: Response, error: unknown): void {
    options.log.error({ err: error, path: request.url }, "a request failed");
    if (response.headersSent) response.destroy();
    else replyRefusal(response, 500, "internal", "Malamar failed while it answered; the log of the supervisor says more. Try again.");
  }

  const port = createOnePort({ ...limits, handle });
  const listeners = await listenOnAll(port.createListener, options.addresses, options.port);
  const closeIdle = () => listeners.forEach((server) => server.closeIdleConnections());
  const bound = portOf(listeners[0]);
  names = ownNames(bound, options.hostNames);
  return {
    port: bound,
    async close(grace) {
      const closed = Promise.all(listeners.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
      closing.abort();
      port.closeSessions();
      const cut = setTimeout(() => {
        port.destroySessions();
        for (const server of listeners) server.closeAllConnections();
      }, grace);
      await closed;
      clearTimeout(cut);
      port.destroySessions();
    },
  };
}

function pathOf(request: Request): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function replyHealth(response: Response, health: HttpServerOptions["health"]): void {
  const { healthy, ...more } = health();
  replyJson(response, healthy ? 200 : 503, { status: healthy ? "ok" : "failing", ...more });
}

/** Every address under the same port. A machine without IPv6 has no ::1; a port that somebody else has there is an error like any other. */
async function listenOnAll(createListener: () => Server, addresses: readonly string[], port: number): Promise<Server[]> {
  const listening: Server[] = [];
  for (const address of addresses) {
    try {
      listening.push(await listen(createListener(), address, portOf(listening[0]) || port));
    } catch (error) {
      const absent = ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes((error as { code?: string }).code ?? "");
      if (absent && listening.length > 0) continue;
      for (const server of listening) server.close();
      throw error;
    }
  }
  return listening;
}

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}
