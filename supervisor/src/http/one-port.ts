import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Request, Response } from "./request-facts.ts";
import { replyRefusal } from "./reply.ts";
import { securityHeaderLines, setSecurityHeaders } from "./security-headers.ts";

export interface OnePortOptions {
  handle: (request: Request, response: Response) => void;
  headerBytes: number;
  /** Milliseconds until the headers, and the whole request, have to be there. Answers may take as long as they like. */
  headersTimeout: number;
  requestTimeout: number;
}

export interface OnePort {
  /** One listener per address; they share everything else. */
  createListener: () => Server;
  /** Nothing new; streams that are open go on. */
  closeSessions: () => void;
  /** Ends what is still open. */
  destroySessions: () => void;
}

/** No HTTP/1 method starts like HTTP/2's preface. */
const PREFACE = Buffer.from("PRI ");

/**
 * HTTP/1.1 and HTTP/2 without TLS on one listener, told apart by their first bytes. `http.Server` stays the listener,
 * since its time limits and its `closeAllConnections` work only for a server that listens itself.
 */
export function createOnePort(options: OnePortOptions): OnePort {
  const { handle, headerBytes, headersTimeout, requestTimeout } = options;
  const sessions = new Set<ServerHttp2Session>();
  const undecided = new Set<Socket>();
  const h2 = createHttp2(options, sessions);

  function createListener(): Server {
    const h1 = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout,
      requestTimeout,
      // A slow client is noticed this much later at most.
      connectionsCheckingInterval: Math.min(headersTimeout, 5_000),
      keepAliveTimeout: 65_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    });
    h1.on("request", handle);
    // The guard answers first; whether the body may come is decided by reading it.
    h1.on("checkContinue", (request, response) => handle(request, response));
    h1.on("clientError", answerClientError);
    const [onHttp1] = h1.listeners("connection") as ((socket: Socket) => void)[];
    h1.removeAllListeners("connection");
    h1.on("connection", (socket: Socket) =>
      sniff(socket, undecided, headersTimeout, (isHttp2) => {
        if (isHttp2) handToHttp2(h2, socket);
        else onHttp1?.call(h1, socket);
      }),
    );
    return h1;
  }

  return {
    createListener,
    closeSessions() {
      for (const session of sessions) session.close();
      for (const socket of undecided) socket.destroy();
    },
    destroySessions() {
      for (const session of sessions) session.destroy();
    },
  };
}

function createHttp2({ handle, headerBytes, requestTimeout }: OnePortOptions, sessions: Set<ServerHttp2Session>): Http2Server {
  const h2 = createHttp2Server({
    settings: { maxHeaderListSize: headerBytes, maxConcurrentStreams: 250, enableConnectProtocol: false },
    maxHeaderListPairs: 100,
  });
  h2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  // A broken connection; whoever carried something over it has heard of it already.
  h2.on("sessionError", () => {});
  const limited = (request: Request, response: Response) => {
    if ("stream" in request) limitUpload(request.stream, requestTimeout);
    if (request.rawHeaders.reduce((sum, text) => sum + text.length, 0) <= headerBytes) return handle(request, response);
    // Node tells the client the limit, but holds it to it for HTTP/1.1 only.
    setSecurityHeaders(response);
    replyRefusal(
      response,
      431,
      "resource_exhausted",
      "The headers of the request are too large; nothing was done. Send fewer or shorter ones.",
    );
  };
  h2.on("request", limited);
  h2.on("checkContinue", limited);
  return h2;
}

function handToHttp2(h2: Http2Server, socket: Socket): void {
  // http.Server keeps sockets open whose other side is closed; for HTTP/2 that would keep a client that is gone, and its streams, for ever.
  socket.allowHalfOpen = false;
  h2.emit("connection", socket);
}

/** HTTP/2 has no time limit of its own for a request that never ends. */
function limitUpload(stream: Duplex & { endAfterHeaders?: boolean }, requestTimeout: number): void {
  if (stream.endAfterHeaders === true) return;
  const timer = setTimeout(() => stream.destroy(), requestTimeout).unref();
  const clear = () => clearTimeout(timer);
  stream.once("end", clear).once("close", clear);
}

/**
 * Waits for the first bytes. They are held here and given back once, after the decision: giving back raises "readable",
 * so doing it while still undecided would spin.
 */
function sniff(socket: Socket, undecided: Set<Socket>, timeout: number, decided: (isHttp2: boolean) => void): void {
  let held: Buffer = Buffer.alloc(0);
  const drop = () => socket.destroy();
  const timer = setTimeout(drop, timeout).unref();
  undecided.add(socket);
  const settle = () => {
    clearTimeout(timer);
    undecided.delete(socket);
    socket.off("readable", look).off("end", drop).off("error", drop).off("close", settle);
  };
  const look = () => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
      held = Buffer.concat([held, chunk]);
    const start = held.subarray(0, PREFACE.length);
    if (start.equals(PREFACE.subarray(0, start.length)) && start.length < PREFACE.length) return;
    settle();
    socket.unshift(held);
    decided(start.equals(PREFACE));
  };
  socket.on("readable", look).on("end", drop).on("error", drop).on("close", settle);
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** What cannot be read as HTTP gets a short answer and is closed. */
function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  // An answer on its way ends as it began; a client that is gone hears nothing.
  const busy = (socket as { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true;
  if (!socket.writable || busy || error.code === "ECONNRESET") {
    socket.destroy(error);
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ""] ?? "400 Bad Request";
  const text = `{"code":"invalid_argument","message":"The request could not be read as HTTP (${status}); nothing was done."}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\n${securityHeaderLines()}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}
