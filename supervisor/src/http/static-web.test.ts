import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestServer, sendRaw } from "./test-server.ts";
import type { TestServer } from "./test-server.ts";

const HASH = "'sha256-kpsWfeHCcNiI3JCPoFqavv9z12d/iHR7APmgCNtVDxM='";
const PAGE = `<!doctype html><meta http-equiv="content-security-policy" content="default-src 'self'; script-src 'self' ${HASH}; style-src 'self' 'unsafe-inline'; trusted-types a b"><p>app</p>`;
const HTML = { accept: "text/html,application/xhtml+xml" };

let folder: string;
let server: TestServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "malamar-web-"));
  mkdirSync(join(folder, "_app/immutable"), { recursive: true });
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "_app/immutable/a.1234.js"), "let a");
  writeFileSync(join(folder, "_app/immutable/a.1234.js.br"), brotliCompressSync("let a"));
  writeFileSync(join(folder, "_app/immutable/a.1234.js.gz"), gzipSync("let a"));
  writeFileSync(join(folder, "secret.txt"), "not for the web");
  server = await openTestServer({ webFolder: folder });
});
afterEach(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    request({ port: server.port, host: "127.0.0.1", path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on("error", reject)
      .end();
  });

test("the page comes at / and at every address inside the app, with a policy that allows its boot script", async () => {
  for (const path of ["/", "/index.html", "/workspaces/abc/tasks/MAL-42", "/a.b/c"]) {
    const answer = await get(path, HTML);
    expect(answer, path).toMatchObject({ status: 200, body: PAGE });
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["content-security-policy"]).toContain(`script-src 'self' ${HASH};`);
    expect(answer.headers["content-security-policy"]).toContain("style-src 'self' 'unsafe-inline';");
    expect(answer.headers["content-security-policy"]).toMatch(/frame-ancestors 'none'; trusted-types a b$/);
    expect(answer.headers["cache-control"]).toBe("no-cache");
  }
});

test("only a navigation gets the page instead of a missing file", async () => {
  for (const accept of ["*/*", "application/json", "image/png", "text/css"]) {
    const answer = await get("/workspaces/abc", { accept });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "not_found" });
  }
  expect((await get("/_app/immutable/gone.js", HTML)).status).toBe(404);
  expect((await get("/", { accept: "*/*" })).status).toBe(200);
  expect((await get("/workspaces/abc", HTML, "POST")).status).toBe(405);
});

test("hashed files may be kept for ever, and come packed when the client can unpack them", async () => {
  const path = "/_app/immutable/a.1234.js";
  const plain = await get(path);
  expect(plain).toMatchObject({ status: 200, body: "let a" });
  expect(plain.headers).toMatchObject({
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "text/javascript; charset=utf-8",
    vary: "Accept-Encoding",
    "content-length": "5",
  });
  expect((await get(path, { "accept-encoding": "gzip, deflate, br" })).headers["content-encoding"]).toBe("br");
  expect((await get(path, { "accept-encoding": "gzip" })).headers["content-encoding"]).toBe("gzip");
  expect((await get(path, { "accept-encoding": "br;q=0, gzip;q=0" })).headers["content-encoding"]).toBeUndefined();
});

test("what the client has is not sent again", async () => {
  const { headers } = await get("/", HTML);
  const again = await get("/", { ...HTML, "if-none-match": String(headers["etag"]) });
  expect(again).toMatchObject({ status: 304, body: "" });
  writeFileSync(join(folder, "index.html"), `${PAGE}changed`);
  expect(await get("/", { ...HTML, "if-none-match": String(headers["etag"]) })).toMatchObject({ status: 200, body: `${PAGE}changed` });
});

test("HEAD has the headers of GET and no body", async () => {
  const answer = await get("/", HTML, "HEAD");
  expect(answer).toMatchObject({ status: 200, body: "" });
  expect(answer.headers["content-length"]).toBe(String(PAGE.length));
});

test("a rebuild and a broken range request do not disturb the server", async () => {
  rmSync(join(folder, "_app/immutable/a.1234.js"));
  expect((await get("/_app/immutable/a.1234.js")).status).toBe(404);
  writeFileSync(join(folder, "_app/immutable/b.5678.js"), "let b");
  expect(await get("/_app/immutable/b.5678.js", { range: "bytes=5-2" })).toMatchObject({ status: 200, body: "let b" });
});

test("nothing outside the folder is served, however the path is written", async () => {
  const above = `../${folder.split("/").at(-1)}/secret.txt`;
  const paths = [
    above,
    "..%2f",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\etc\\passwd",
    "%2e%2e%5cetc",
    "/etc/passwd",
    "_app/../secret.txt",
    "secret.txt%00.js",
    ".git/config",
    "%",
    "_app",
    "_app/",
    ".",
  ];
  for (const path of paths) {
    const answer = await sendRaw(server.port, `GET /${path} HTTP/1.1\r\nHost: localhost:${server.port}\r\nConnection: close\r\n\r\n`);
    expect(answer.status, path).toBe(404);
  }
});

test("without a build the page says how to make one, and it is there without a restart", async () => {
  rmSync(join(folder, "index.html"));
  const missing = await get("/workspaces/abc", HTML);
  expect(missing.status).toBe(503);
  expect(missing.body).toContain("pnpm build");
  writeFileSync(join(folder, "index.html"), PAGE);
  expect((await get("/", HTML)).status).toBe(200);
});
