import { request as http1Request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { createConnection } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestServer, publicServices, readAnswer, sendRaw } from "./test-server.ts";
import type { TestServer } from "./test-server.ts";

let server: TestServer;
let port: number;

beforeAll(async () => {
  const services = await publicServices();
  server = await openTestServer({
    hostNames: ["home.example"],
    routes: (router) => services.forEach((service) => router.service(service, {})),
  });
  port = server.port;
});
afterAll(() => server.close(0));

const RPC = "/malamar.v1.SystemService/GetSystem";
const ok = "Connection: close\r\n";
const json = "Content-Type: application/json\r\nContent-Length: 2\r\n";

/** A GET of /healthz with these lines instead of Host. */
const withHeaders = (lines: string) => `GET /healthz HTTP/1.1\r\n${lines.replaceAll("PORT", String(port))}${ok}\r\n`;
const withHost = (host: string) => withHeaders(`Host: ${host}\r\n`);
const withTarget = (target: string, host = `localhost:${port}`) =>
  `GET ${target.replaceAll("PORT", String(port))} HTTP/1.1\r\nHost: ${host}\r\n${ok}\r\n`;

describe("D2: only requests addressed to one of our names get through", () => {
  const allowed = [
    "localhost:PORT",
    "LOCALHOST:PORT",
    "LocalHost:PORT",
    "127.0.0.1:PORT",
    "[::1]:PORT",
    "home.example:PORT",
    "HOME.example:PORT",
    "home.example",
    "home.example:443",
    "home.example:80",
  ];
  test.each(allowed)("Host %s is ours", async (host) => {
    expect((await sendRaw(port, withHost(host))).status).toBe(200);
  });

  const refused = [
    "evil.test",
    "evil.test:PORT",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "localhost:80",
    "localhost:0",
    "localhost:1PORT",
    "localhost:PORT0",
    "localhost:0PORT",
    "localhost:+PORT",
    "localhost:",
    "localhost.:PORT",
    "localhost..:PORT",
    "127.0.0.1.:PORT",
    "user@localhost:PORT",
    "user:pw@localhost:PORT",
    "localhost:PORT@evil.test",
    "@localhost:PORT",
    "2130706433:PORT",
    "0x7f000001:PORT",
    "0x7f.0.0.1:PORT",
    "0177.0.0.1:PORT",
    "017700000001:PORT",
    "127.1:PORT",
    "127.0.1:PORT",
    "127.0.0.01:PORT",
    "127.0.0.2:PORT",
    "0.0.0.0:PORT",
    "0:PORT",
    "::1:PORT",
    "[::]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%lo]:PORT",
    "[::1].:PORT",
    "localhost.evil.test:PORT",
    "evil.localhost:PORT",
    "evil.test.localhost:PORT",
    "localhost:PORT.evil.test",
    "localhost:PORT, evil.test",
    "localhost:PORT,localhost:PORT",
    "localhost:PORT evil.test",
    "localhost :PORT",
    "local%68ost:PORT",
    "localhost%00:PORT",
    "localhost%2eevil.test:PORT",
    "http://localhost:PORT",
    "//localhost:PORT",
    "localhost:PORT/",
    "localhost:PORT?x",
    "localhost:PORT#x",
    "localhost\\:PORT",
    "ⓛocalhost:PORT",
    "home.example:8080",
    "sub.home.example:PORT",
    "home.example.:PORT",
    "home.example.evil.test:PORT",
    "home.example:PORT@evil.test",
    "user@home.example",
    "homeXexample:PORT",
    "*",
    "null",
    "",
  ];
  test.each(refused)("Host %j is refused", async (host) => {
    const answer = await sendRaw(port, withHost(host));
    expect(answer.status).toBe(421);
    expect(answer.body).toContain("nothing was done");
  });

  const malformed: [string, string, number][] = [
    ["no Host at all", "", 400],
    ["two Hosts, both ours", "Host: localhost:PORT\r\nHost: localhost:PORT\r\n", 421],
    ["two Hosts, ours first", "Host: localhost:PORT\r\nHost: evil.test\r\n", 421],
    ["two Hosts, ours last", "Host: evil.test\r\nhOsT: localhost:PORT\r\n", 421],
    ["a Host continued on a folded line", "Host: localhost:PORT\r\n evil.test\r\n", 400],
    ["a space before the colon", "Host : localhost:PORT\r\n", 400],
    ["a tunnelled name in another header", "Host: evil.test\r\nX-Forwarded-Host: localhost:PORT\r\n", 421],
    ["a forwarded name of ours", "Host: evil.test\r\nForwarded: host=localhost:PORT\r\n", 421],
  ];
  test.each(malformed)("%s", async (_name, lines, status) => {
    expect((await sendRaw(port, withHeaders(lines))).status).toBe(status);
  });

  test("HTTP/1.0 without a Host is refused", async () => {
    expect((await sendRaw(port, "GET /healthz HTTP/1.0\r\n\r\n")).status).toBe(421);
  });

  const targets: [string, string, number][] = [
    ["absolute form of our own name", "http://localhost:PORT/healthz", 200],
    ["absolute form in another case", "HTTP://LOCALHOST:PORT/healthz", 200],
    ["absolute form of somebody else", "http://evil.test/healthz", 421],
    ["absolute form of another name of ours", "http://127.0.0.1:PORT/healthz", 421],
    ["absolute form with user-info", "http://localhost:PORT@evil.test/healthz", 421],
    ["absolute form with our user-info", "http://evil@localhost:PORT/healthz", 421],
    ["absolute form with https", "https://localhost:PORT/healthz", 421],
    ["absolute form without a name", "http:///healthz", 421],
    ["a file", "file:///etc/passwd", 421],
  ];
  test.each(targets)("request line with %s", async (_name, target, status) => {
    expect((await sendRaw(port, withTarget(target))).status).toBe(status);
  });

  test("two slashes in front are a path and not a name", async () => {
    expect((await sendRaw(port, withTarget("//evil.test/healthz"))).status).toBe(404);
  });

  const authorities: [string, Record<string, string>, number][] = [
    ["ours", { ":authority": "localhost:PORT" }, 200],
    ["ours, with the same Host", { ":authority": "localhost:PORT", host: "localhost:PORT" }, 200],
    ["ours, with another Host", { ":authority": "localhost:PORT", host: "evil.test" }, 421],
    ["ours, with another Host of ours", { ":authority": "localhost:PORT", host: "127.0.0.1:PORT" }, 421],
    ["somebody else's, with our Host", { ":authority": "evil.test", host: "localhost:PORT" }, 421],
    ["somebody else's", { ":authority": "evil.test" }, 421],
    ["with a dot at the end", { ":authority": "localhost.:PORT" }, 421],
    ["of another port", { ":authority": "localhost:1" }, 421],
  ];
  test.each(authorities)("HTTP/2 with an :authority %s", async (_name, headers, status) => {
    const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace("PORT", String(port))]));
    expect((await sendHttp2({ ":path": "/healthz", ...filled })).status).toBe(status);
  });

  test("HTTP/2 with user-info in the :authority is no HTTP/2 at all", async () => {
    await expect(sendHttp2({ ":path": "/healthz", ":authority": `me@localhost:${port}` })).rejects.toThrow("PROTOCOL_ERROR");
  });

  test("a tunnel is not opened", async () => {
    const socket = createConnection(port, "127.0.0.1");
    socket.write(`CONNECT evil.test:443 HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    expect((await readAnswer(socket)).status).toBe(0);
  });

  test("an upgrade is not made", async () => {
    const answer = await sendRaw(port, withHeaders("Host: localhost:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"));
    expect(answer.status).toBe(200);
  });
});

describe("D3: only our own pages may call", () => {
  const origins: [string, number][] = [
    ["http://localhost:PORT", 200],
    ["http://127.0.0.1:PORT", 200],
    ["http://[::1]:PORT", 200],
    ["http://home.example:PORT", 200],
    ["https://home.example:PORT", 200],
    ["https://home.example", 200],
    ["http://home.example", 200],
    ["https://home.example:443", 403],
    ["https://sub.home.example", 403],
    ["https://home.example.evil.test", 403],
    ["null", 403],
    ["", 403],
    ["http://evil.test", 403],
    ["http://evil.test:PORT", 403],
    ["https://localhost:PORT", 403],
    ["http://localhost", 403],
    ["http://localhost:5173", 403],
    ["http://localhost:PORT/", 403],
    ["http://LOCALHOST:PORT", 403],
    ["http://localhost.:PORT", 403],
    ["http://user@localhost:PORT", 403],
    ["http://localhost:PORT.evil.test", 403],
    ["http://localhost:PORT http://evil.test", 403],
    ["localhost:PORT", 403],
    ["file://", 403],
    ["chrome-extension://abcdefghijklmnop", 403],
  ];
  test.each(origins)("Origin %j → %i", async (origin, status) => {
    expect((await sendRaw(port, withHeaders(`Host: localhost:PORT\r\nOrigin: ${origin}\r\n`))).status).toBe(status);
  });

  test("an Origin that equals a foreign Host does not help it", async () => {
    expect((await sendRaw(port, withHeaders("Host: evil.test:PORT\r\nOrigin: http://evil.test:PORT\r\n"))).status).toBe(421);
  });

  test("two Origins are refused", async () => {
    expect(
      (await sendRaw(port, withHeaders("Host: localhost:PORT\r\nOrigin: http://localhost:PORT\r\nOrigin: http://evil.test\r\n"))).status,
    ).toBe(403);
  });
});

describe("D4: where a browser comes from", () => {
  const cases: [string, string, number, number][] = [
    // Sec-Fetch lines, what a page answers, what a call answers
    ["nothing (no browser)", "", 200, 501],
    ["our own page", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n", 200, 501],
    ["typed by a person", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n", 200, 403],
    ["no site, but no navigation", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: no-cors\r\n", 403, 403],
    ["another site's script", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n", 403, 403],
    ["another site's image", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", 403, 403],
    ["another site's link", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", 403, 403],
    ["another port of localhost", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n", 403, 403],
    ["a word nobody knows", "Sec-Fetch-Site: friendly\r\nSec-Fetch-Mode: navigate\r\n", 403, 403],
    ["two words", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n", 400, 400],
  ];
  test.each(cases)("%s", async (_name, lines, page, call) => {
    expect((await sendRaw(port, withHeaders(`Host: localhost:PORT\r\n${lines}`))).status).toBe(page);
    expect((await sendRaw(port, `POST ${RPC} HTTP/1.1\r\nHost: localhost:${port}\r\n${lines}${json}${ok}\r\n{}`)).status).toBe(call);
  });
});

describe("D5: calls are POST with a content type that no form can send", () => {
  const types: [string, boolean][] = [
    ["application/json", true],
    ["application/json; charset=utf-8", true],
    ["application/proto", true],
    ["application/connect+json", true],
    ["application/connect+proto", true],
    ["application/grpc", true],
    ["application/grpc+proto", true],
    ["", false],
    ["text/plain", false],
    ["text/plain; application/json", false],
    ["application/x-www-form-urlencoded", false],
    ["multipart/form-data; boundary=x", false],
    ["Application/JSON", false],
    ["application/json; charset=utf-16", false],
    ["application/json, text/plain", false],
    ["application/json;", false],
    ["application/jsonp", false],
    ["application/connect+xml", false],
    ["application/grpc-web", false],
    ["application/grpc-web+proto", false],
    ["application/grpc-web-text", false],
    ["application/grpc+json", false],
    ["application/octet-stream", false],
    ["*/*", false],
  ];
  const methods = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND"];

  test("every call of the schema × every method: only POST passes", async () => {
    const seen: string[] = [];
    for (const path of await callPaths()) {
      for (const method of methods) {
        const answer = await send(method, path, "application/json");
        if (answer !== (method === "OPTIONS" ? 403 : 405)) seen.push(`${method} ${path}: ${answer}`);
      }
    }
    expect(seen).toEqual([]);
  });

  test("every call of the schema × every content type: only the listed ones reach Connect", async () => {
    const seen: string[] = [];
    for (const path of await callPaths()) {
      for (const [type, passes] of types) {
        // Connect knows what a unary call and a stream take and may still refuse, but not in the guard's words.
        const body = await postBody(path, type);
        if (body.includes("refused for its content type") === passes) seen.push(`${type} ${path}: ${body}`);
      }
    }
    expect(seen).toEqual([]);
  });

  test("the grid covers the whole schema", async () => {
    expect((await callPaths()).length).toBeGreaterThanOrEqual(20);
  });

  test("an unknown call is 404 in words, whatever the method", async () => {
    for (const method of ["POST", "GET"]) {
      const answer = await sendRaw(
        port,
        `${method} /malamar.v1.TaskService/Explode HTTP/1.1\r\nHost: localhost:${port}\r\n${json}${ok}\r\n{}`,
      );
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ code: "unimplemented" });
    }
  });

  test("no answer ever allows another site to read it", async () => {
    const lines = `Host: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n${ok}`;
    for (const request of [`OPTIONS ${RPC}`, `OPTIONS *`, `OPTIONS /`, `POST ${RPC}`, "GET /healthz", "GET /nothing"]) {
      const answer = await sendRaw(port, `${request} HTTP/1.1\r\n${lines}${json}\r\n{}`);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      if (request.startsWith("OPTIONS")) expect(answer.status).toBe(403);
    }
  });
});

test("every kind of answer carries the security headers", async () => {
  const host = `Host: localhost:${port}\r\n`;
  const requests: [string, number][] = [
    [withHeaders(host), 200],
    [withHost("evil.test"), 421],
    [`GET /nothing HTTP/1.1\r\n${host}${ok}\r\n`, 404],
    [`GET / HTTP/1.1\r\n${host}${ok}\r\n`, 503],
    [`POST ${RPC} HTTP/1.1\r\n${host}${json}${ok}\r\n{}`, 501],
    [`GET ${RPC} HTTP/1.1\r\n${host}${ok}\r\n`, 405],
    [`OPTIONS / HTTP/1.1\r\n${host}${ok}\r\n`, 403],
    ["this is not HTTP\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ];
  for (const [text, status] of requests) {
    const { headers, ...answer } = await sendRaw(port, text);
    expect(answer.status, text.slice(0, 60)).toBe(status);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["permissions-policy"]).toContain("camera=()");
  }
  const http2 = await sendHttp2({ ":path": "/healthz", ":authority": `localhost:${port}` });
  expect(http2.headers).toMatchObject({ "x-content-type-options": "nosniff", "cross-origin-opener-policy": "same-origin" });
});

async function callPaths(): Promise<string[]> {
  return (await publicServices()).flatMap((service) => service.methods.map((method) => `/${service.typeName}/${method.name}`));
}

function send(method: string, path: string, type: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http1Request(
      { port, method, path, host: "127.0.0.1", headers: type === "" ? {} : { "content-type": type } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on("error", reject).end();
  });
}

async function postBody(path: string, type: string): Promise<string> {
  const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body: new Uint8Array() });
  return response.text();
}

function sendHttp2(headers: Record<string, string>): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request(headers);
    stream.on("response", (answer) => {
      session.close();
      resolve({ status: Number(answer[":status"]), headers: answer });
    });
    stream.on("error", reject).resume();
    session.on("error", reject);
  });
}
