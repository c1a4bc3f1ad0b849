import { lstatSync, rmdirSync, rmSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type ConnectRouter, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Logger } from "pino";
import { makeRuntimeDir } from "#config/paths.ts";
import { Problem } from "#errors/problem.ts";

export interface RunnerSocketOptions {
  path: string;
  routes: (router: ConnectRouter) => void;
  interceptors: Interceptor[];
  log: Pick<Logger, "debug" | "error">;
  /** How often a connection is asked whether the runner still answers, and how long it may take. Milliseconds. */
  pingInterval?: number;
  pingTimeout?: number;
}

export interface RunnerSocket {
  /** Ends every stream and connection. Runners that go on working come back to the next supervisor by themselves. */
  close(): Promise<void>;
}

/** Answers of agents may have 4 MiB, and some facts stand beside them. */
const MESSAGE_BYTES = 8 * 1024 * 1024;
/** What may be under way before the runner waits for us: of one stream, and of a connection. */
const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 4 * 1024 * 1024;
const CLOSE_GRACE = 1_000;

/** A runner that dies or reconnects is everyday life and seen elsewhere. */
const LEFT = new Set([Code.Aborted, Code.Canceled, Code.Unavailable]);

/** HTTP/2 on a Unix socket that only this user can reach. The instance lock must be held: a socket file that lies there is a dead one's. */
export async function openRunnerSocket(options: RunnerSocketOptions): Promise<RunnerSocket> {
  const { path, routes, interceptors, log, pingInterval = 15_000, pingTimeout = 15_000 } = options;
  makeRuntimeDir(dirname(path));
  removeStaleSocket(path);

  const closing = new AbortController();
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    // Compressing what never leaves the machine costs seven times more than sending it; log frames are compressed already.
    acceptCompression: [],
    readMaxBytes: MESSAGE_BYTES,
    interceptors,
    shutdownSignal: closing.signal,
  });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const server = createServer({ settings: { initialWindowSize: STREAM_WINDOW }, maxSessionMemory: 64 }, (request, response) => {
    const handler = handlers.get(request.url);
    if (handler === undefined) {
      response.writeHead(404).end();
      return;
    }
    // The runner need not have said everything yet; without this it could go on talking to nobody.
    response.stream.once("finish", () => response.stream.close());
    handler(universalRequestFromNodeRequest(request, response, undefined, undefined))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((reason: unknown) => {
        const error = ConnectError.from(reason);
        log[LEFT.has(error.code) ? "debug" : "error"]({ path: request.url, err: error }, "a stream of a runner broke");
        response.stream.close();
      });
  });

  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW);
    const stopPinging = pingRegularly(session, pingInterval, pingTimeout);
    session.on("error", (error) => log.debug({ err: error }, "a connection of a runner broke"));
    session.once("close", () => {
      stopPinging();
      sessions.delete(session);
    });
  });

  await listen(server, path);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort(new ConnectError("The supervisor is stopping; try again when it is back.", Code.Unavailable));
      for (const session of sessions) session.close();
      const end = performance.now() + CLOSE_GRACE;
      while ([...sessions].some((session) => !session.destroyed) && performance.now() < end) await sleep(5);
      // A session that was closed waits for the runner to hang up, and that one may stand still.
      for (const socket of sockets) socket.destroySoon();
      await closed;
      removeEmptyFolder(dirname(path));
    },
  };
}

/** A runner whose process stands still keeps its connection open for ever: nobody would notice without asking. */
function pingRegularly(session: ServerHttp2Session, interval: number, timeout: number): () => void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (session.destroyed || overdue !== undefined) return;
    overdue = setTimeout(() => session.destroy(), timeout).unref();
    session.ping(() => {
      clearTimeout(overdue);
      overdue = undefined;
    });
  }, interval).unref();
  return () => {
    clearInterval(timer);
    clearTimeout(overdue);
  };
}

/** One folder per data directory would stay in /tmp for ever; whoever opens the socket again makes and checks it anew. */
function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else lies in it.
  }
}

function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new Problem(
      "conflict",
      "socket_path_taken",
      `${path} is not a socket, so nothing was started and it was left as it is.`,
      "Move it away and start again.",
    );
  }
  rmSync(path);
}

function listen(server: Http2Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The file is made inside of listen(), and must never be open to others, not even for a moment.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
