import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import { compressionGzip, universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Logger } from "pino";
import { replyRefusal } from "./reply.ts";
import type { Request, Response } from "./request-facts.ts";

export interface RpcOptions {
  routes: (router: ConnectRouter) => void;
  interceptors: Interceptor[];
  /** Of one message; a larger one is answered with a typed error. */
  messageBytes: number;
  /** Ends open streams when the server closes. */
  shutdownSignal: AbortSignal;
  log: Logger;
}

export interface RpcHandler {
  isRpc: (path: string) => boolean;
  handle: (request: Request, response: Response, path: string) => void;
}

/** A client that goes away is its own business: no reason to wake anybody. */
const CLIENT_LEFT = new Set([Code.Aborted, Code.Canceled, Code.Unavailable, Code.DeadlineExceeded]);

/**
 * Connect and native gRPC; gRPC-Web is off, since browsers speak Connect. Instead of Connect's own Node adapter, because
 * that one prints every broken connection to the console and offers no hook.
 */
export function createRpcHandler({ routes, interceptors, messageBytes, shutdownSignal, log }: RpcOptions): RpcHandler {
  const router = createConnectRouter({
    grpc: true,
    grpcWeb: false,
    connect: true,
    requireConnectProtocolHeader: false,
    readMaxBytes: messageBytes,
    // Brotli at its default level costs more time than it saves bytes.
    acceptCompression: [compressionGzip],
    interceptors,
    shutdownSignal,
  });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  function failed(response: Response, path: string, reason: unknown): void {
    const error = ConnectError.from(reason);
    const left = CLIENT_LEFT.has(error.code) || response.destroyed || response.writableEnded;
    log[left ? "debug" : "error"]({ path, err: error }, "the answer to a call could not be sent");
    if (response.headersSent) response.destroy();
    else replyRefusal(response, 500, "internal", "Malamar failed while it answered; the log of the supervisor says more. Try again.");
  }

  return {
    isRpc: (path) => handlers.has(path),
    handle(request, response, path) {
      const handler = handlers.get(path);
      if (handler === undefined) throw new Error(`no call ${path}`);
      response.setHeader("Cache-Control", "no-store");
      const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
      handler(universal)
        .then((answer) => universalResponseToNodeResponse(answer, response))
        .catch((reason: unknown) => failed(response, path, reason));
    },
  };
}
