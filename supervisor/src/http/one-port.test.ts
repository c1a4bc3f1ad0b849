import { request as http1Request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { EventService, WatchEventsResponseSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskSchema } from "@malamar/proto/malamar/v1/task_pb";
import { CreateTaskResponseSchema, TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "./server.ts";
import { openTestServer, readAnswer, sendRaw } from "./test-server.ts";
import type { TestServer } from "./test-server.ts";

const limits = { ...DEFAULT_LIMITS, headersTimeout: 400, requestTimeout: 1200 };
let server: TestServer;
let base: string;
/** Streams whose generator is still running. */
let openStreams: number;

beforeEach(async () => {
  openStreams = 0;
  server = await openTestServer({
    limits,
    routes: (router) =>
      router
        .service(TaskService, {
          createTask: (request) =>
            create(CreateTaskResponseSchema, { task: create(TaskSchema, { summary: request.summary, description: request.description }) }),
        })
        .service(EventService, {
          async *watchEvents(_request, { signal }) {
            openStreams++;
            try {
              for (let i = 0; !signal.aborted; i++) {
                yield create(WatchEventsResponseSchema, { cursor: `c${i}` });
                await sleep(20, undefined, { signal }).catch(() => {});
              }
            } finally {
              openStreams--;
            }
          },
        }),
  });
  base = `http://127.0.0.1:${server.port}`;
});
afterEach(() => server.close(0));

const healthz = () => `GET /healthz HTTP/1.1\r\nHost: localhost:${server.port}\r\n`;

describe("one listener tells the protocols apart", () => {
  const transports: [string, (baseUrl: string) => Transport][] = [
    ["Connect over HTTP/1.1, JSON", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false })],
    ["Connect over HTTP/1.1, binary", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
    ["gRPC over HTTP/2", (baseUrl) => createGrpcTransport({ baseUrl })],
  ];
  test.each(transports)("%s: a call of 3 MB and a stream that is left", async (_name, transport) => {
    const description = "x".repeat(3_000_000);
    const made = await createClient(TaskService, transport(base)).createTask({ summary: "one", description });
    expect(made.task).toMatchObject({ summary: "one", description });

    const cursors: string[] = [];
    const leave = new AbortController();
    await expect(async () => {
      for await (const message of createClient(EventService, transport(base)).watchEvents({}, { signal: leave.signal })) {
        if (cursors.push(message.cursor) === 3) leave.abort();
      }
    }).rejects.toThrow("aborted");
    expect(cursors).toEqual(["c0", "c1", "c2"]);
    await vi.waitFor(() => expect(openStreams).toBe(0));
  });

  test("gRPC-Web is off", async () => {
    const client = createClient(TaskService, createGrpcWebTransport({ baseUrl: base, httpVersion: "1.1" }));
    await expect(client.createTask({})).rejects.toThrow("HTTP 415");
  });

  test("the IPv6 loopback address is the same server", async () => {
    expect((await sendRaw(server.port, `${healthz()}Connection: close\r\n\r\n`, "::1")).status).toBe(200);
  });

  test("a request that comes one byte at a time", async () => {
    const socket = connect(server.port, "127.0.0.1").setNoDelay();
    const answer = readAnswer(socket);
    for (const byte of `${healthz()}Connection: close\r\n\r\n`) {
      socket.write(byte);
      await sleep(1);
    }
    expect((await answer).status).toBe(200);
  });

  test("an HTTP/2 preface that comes one byte at a time", async () => {
    const socket = connect(server.port, "127.0.0.1").setNoDelay();
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (const byte of preface) {
      socket.write(byte);
      await sleep(1);
    }
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    // The server's settings frame: type 4 on stream 0.
    expect(first[3]).toBe(4);
    socket.destroy();
  });

  test("a lone P keeps nobody waiting and costs no time", async () => {
    const lone = connect(server.port, "127.0.0.1");
    lone.write("P");
    const before = process.cpuUsage();
    await sleep(150);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(100_000);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    lone.write("OST /nothing HTTP/1.1\r\n");
    lone.write(`Host: localhost:${server.port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    expect((await readAnswer(lone)).status).toBe(405);
  });

  test("requests sent in a row on one connection are answered in order", async () => {
    const answer = await sendRaw(
      server.port,
      `${healthz()}\r\n${healthz().replace("healthz", "nothing")}\r\n${healthz()}Connection: close\r\n\r\n`,
    );
    const all = `HTTP/1.1 ${answer.status}\r\n${answer.body}`;
    expect([...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(["200", "404", "200"]);
  });

  test("a client that asks before it sends its body is answered by the guard first", async () => {
    const ask = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost:${server.port}\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 17\r\nConnection: close\r\n\r\n`;
    const refused = connect(server.port, "127.0.0.1");
    refused.write(ask("/malamar.v1.TaskService/Explode"));
    expect((await readAnswer(refused)).status).toBe(404);

    const socket = connect(server.port, "127.0.0.1");
    socket.write(ask("/malamar.v1.TaskService/CreateTask"));
    const goOn = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(goOn.toString()).toContain("100 Continue");
    const answer = readAnswer(socket);
    socket.write(`{"summary":"two"}`);
    expect(await answer).toMatchObject({ status: 200, body: expect.stringContaining("two") as string });
  });
});

describe("slow and broken clients", () => {
  test("a connection that says nothing is closed", async () => {
    const since = performance.now();
    expect((await readAnswer(connect(server.port, "127.0.0.1"))).status).toBe(0);
    expect(performance.now() - since).toBeLessThan(2000);
  });

  test("headers that do not end are answered with 408", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(`${healthz()}X-Slow: `);
    expect((await readAnswer(socket)).status).toBe(408);
  });

  test("a body that does not end is answered with 408", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(
      `POST /malamar.v1.TaskService/CreateTask HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect((await readAnswer(socket)).status).toBe(408);
  });

  test("an HTTP/2 request that does not end is closed", async () => {
    const session = connectHttp2(base);
    const stream = session.request(
      { ":method": "POST", ":path": "/malamar.v1.TaskService/CreateTask", "content-type": "application/json" },
      { endStream: false },
    );
    stream.on("error", () => {});
    stream.write("{");
    await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.rstCode).not.toBe(undefined);
    session.destroy();
  });

  test("a stream lives longer than a request may take to arrive", async () => {
    for (const transport of [createConnectTransport({ baseUrl: base, httpVersion: "1.1" }), createGrpcTransport({ baseUrl: base })]) {
      const since = performance.now();
      for await (const _ of createClient(EventService, transport).watchEvents({})) {
        if (performance.now() - since > limits.requestTimeout * 1.5) break;
      }
      expect(performance.now() - since).toBeGreaterThan(limits.requestTimeout * 1.5);
    }
  });

  test("too many headers are refused over both protocols, and the server goes on", async () => {
    expect((await sendRaw(server.port, `${healthz()}X: ${"x".repeat(17_000)}\r\n\r\n`)).status).toBe(431);
    const session = connectHttp2(base);
    const stream = session.request({ ":path": "/healthz", x: "x".repeat(17_000) });
    const status = await new Promise((resolve) => stream.on("response", (headers) => resolve(headers[":status"])).resume());
    expect(status).toBe(431);
    session.destroy();
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test("a message over the limit is a typed error in every protocol", async () => {
    const description = "x".repeat(5 * 1024 * 1024);
    for (const transport of [createConnectTransport({ baseUrl: base, httpVersion: "1.1" }), createGrpcTransport({ baseUrl: base })]) {
      const refusal: unknown = await createClient(TaskService, transport)
        .createTask({ description })
        .catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ConnectError);
      expect((refusal as ConnectError).code).toBe(Code.ResourceExhausted);
    }
  });

  test("a message over the limit without a length is stopped on its way", async () => {
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    const status = await new Promise<number>((resolve, reject) => {
      const request = http1Request(`${base}/malamar.v1.TaskService/CreateTask`, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.on("error", reject);
      const pump = () => {
        if (!request.destroyed) request.write("x".repeat(65_536), () => setImmediate(pump));
      };
      pump();
    });
    expect(status).toBe(429);
  });

  test("a message that unpacks to more than the limit is refused", async () => {
    const { gzipSync } = await import("node:zlib");
    const body = gzipSync(Buffer.alloc(200 * 1024 * 1024, "x"));
    const response = await fetch(`${base}/malamar.v1.TaskService/CreateTask`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body,
    });
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  });

  test("a message nested without end is refused or skipped, and the server goes on", async () => {
    const deep = (open: string, close: string) => `{"summary":"deep","x":${open.repeat(400_000)}1${close.repeat(400_000)}}`;
    for (const body of [deep("[", "]"), deep('{"x":', "}")]) {
      const response = await fetch(`${base}/malamar.v1.TaskService/CreateTask`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect([200, 400, 429]).toContain(response.status);
    }
    const groups = Buffer.alloc(1_000_000, 0x0b);
    const binary = await fetch(`${base}/malamar.v1.TaskService/CreateTask`, {
      method: "POST",
      headers: { "content-type": "application/proto" },
      body: groups,
    });
    expect([400, 500]).toContain(binary.status);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test("clients that break off print nothing to the console and log no error", async () => {
    const console_ = [vi.spyOn(console, "error"), vi.spyOn(console, "warn"), vi.spyOn(console, "log")];
    for (let round = 0; round < 5; round++) {
      const socket = connect(server.port, "127.0.0.1");
      socket.write(
        `POST /malamar.v1.EventService/WatchEvents HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}`,
      );
      await new Promise((resolve) => socket.once("data", resolve));
      socket.resetAndDestroy();
      const session = connectHttp2(base);
      session.on("error", () => {});
      const stream = session.request({
        ":method": "POST",
        ":path": "/malamar.v1.EventService/WatchEvents",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {});
      stream.end(Buffer.alloc(5));
      await new Promise((resolve) => stream.once("data", resolve));
      session.destroy();
    }
    await vi.waitFor(() => expect(openStreams).toBe(0));
    await sleep(50);
    expect(console_.flatMap((spy) => spy.mock.calls)).toEqual([]);
    expect(server.logged.filter((line) => Number(line["level"]) > 20)).toEqual([]);
    vi.restoreAllMocks();
  });
});

describe("the end", () => {
  test("closing ends streams in both protocols at once and lets nobody in", async () => {
    const ends = [createConnectTransport({ baseUrl: base, httpVersion: "1.1" }), createGrpcTransport({ baseUrl: base })].map(
      async (transport) => {
        for await (const _ of createClient(EventService, transport).watchEvents({}));
      },
    );
    const settled = Promise.allSettled(ends);
    await vi.waitFor(() => expect(openStreams).toBe(2));
    const since = performance.now();
    await server.close(3000);
    await settled;
    expect(performance.now() - since).toBeLessThan(1000);
    expect(openStreams).toBe(0);
    await expect(fetch(`${base}/healthz`)).rejects.toThrow("fetch failed");
  });

  test("connections that never end are cut after the grace", async () => {
    await server.close(0);
    server = await openTestServer({ routes: (router) => router.service(TaskService, {}) });
    base = `http://127.0.0.1:${server.port}`;
    const quiet = connect(server.port, "127.0.0.1");
    const half = connect(server.port, "127.0.0.1");
    half.write(healthz());
    const session = connectHttp2(base);
    session.on("error", () => {});
    session
      .request(
        { ":method": "POST", ":path": "/malamar.v1.TaskService/CreateTask", "content-type": "application/json" },
        { endStream: false },
      )
      .on("error", () => {});
    await sleep(50);
    const since = performance.now();
    await server.close(200);
    expect(performance.now() - since).toBeLessThan(3000);
    for (const socket of [quiet, half]) socket.destroy();
    session.destroy();
  });
});

test("requests are logged at debug with method, path without query, status and duration", async () => {
  await fetch(`${base}/healthz?secret=1`);
  await vi.waitFor(() =>
    expect(server.logged.find((line) => line["path"] === "/healthz")).toMatchObject({
      level: 20,
      method: "GET",
      status: 200,
      ms: expect.any(Number) as number,
    }),
  );
  expect(JSON.stringify(server.logged)).not.toContain("secret");
});

test("a port that is taken is told by Node's own error, and what was opened is closed again", async () => {
  await expect(openTestServer({ port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  const blocker = await openTestServer({ addresses: ["::1"] });
  await expect(openTestServer({ port: blocker.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await blocker.close(0);
  const again = await openTestServer({ port: blocker.port });
  await again.close(0);
});
