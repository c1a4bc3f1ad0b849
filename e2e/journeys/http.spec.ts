import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { request } from "node:http";
import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetTaskRequestSchema } from "@malamar/proto/malamar/v1/task_service_pb";
import { ListWorkspacesRequestSchema, ListWorkspacesResponseSchema } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { expect, test } from "vitest";
import { useMalamar } from "../use-malamar.ts";

const server = useMalamar();

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** A request with exactly these headers, as curl would send it; fetch adds some of its own. */
function send(
  path: string,
  headers: Record<string, string | string[]> = {},
  body?: string,
  method = body === undefined ? "GET" : "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const JSON_TYPE = { "Content-Type": "application/json" };
const LIST = "/malamar.v1.WorkspaceService/ListWorkspaces";
const CREATE = "/malamar.v1.WorkspaceService/CreateWorkspace";

test("curl with JSON and no special header is a first-class client", async () => {
  const made = await send(CREATE, JSON_TYPE, '{"title":"By curl"}');
  expect(made).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
  const { workspace } = JSON.parse(made.body) as { workspace: { id: string; title: string; prefix: string; createdAt: string } };
  expect(workspace.title).toBe("By curl");
  // L14: in storage a number, in JSON the one standard format.
  expect(workspace.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  expect(workspace.id).toMatch(/^[0-9A-Za-z]{21}$/);
  const listed = await send(LIST, JSON_TYPE, "{}");
  expect(listed.body).toContain("By curl");
});

test("what is wrong with a request is said with its field, in JSON", async () => {
  const refused = await send(CREATE, JSON_TYPE, '{"title":"","breakerLimit":-1}');
  expect(refused.status).toBe(400);
  const said = JSON.parse(refused.body) as { code: string; message: string };
  expect(said.code).toBe("invalid_argument");
  const both = await send(CREATE, JSON_TYPE, JSON.stringify({ title: "x".repeat(300), prefix: "?" }));
  const details = JSON.parse(both.body) as { details: { type: string; debug?: { violations?: { field: string }[] } }[] };
  expect(details.details[0]?.type).toBe("malamar.v1.Problem");
  expect(details.details[0]?.debug?.violations?.map(({ field }) => field).toSorted()).toEqual(["prefix", "title"]);
  expect((await send(CREATE, JSON_TYPE, '{"titel":"typo"}')).status).toBe(400);
  expect((await send(CREATE, JSON_TYPE, "{not json")).status).toBe(400);
});

test("/healthz answers without ceremony", async () => {
  const health = await send("/healthz");
  expect(health.status).toBe(200);
  expect(JSON.parse(health.body)).toMatchObject({ status: "ok" });
});

test.each<[string, Record<string, string | string[]>]>([
  ["another name", { Host: "evil.example" }],
  ["our name under another port", { Host: "127.0.0.1:1" }],
  ["no port", { Host: "127.0.0.1" }],
  ["a name with a trailing dot", { Host: "localhost.:PORT" }],
  ["a decimal address", { Host: "2130706433:PORT" }],
])("a request to %s is refused before anything else (421)", async (_name, headers) => {
  const host = String(headers["Host"]).replace("PORT", String(server.port));
  for (const path of ["/", "/healthz"]) expect((await send(path, { Host: host })).status).toBe(421);
  const rebound = await send(CREATE, { ...JSON_TYPE, Host: host, Origin: `http://${host}` }, '{"title":"Rebound"}');
  expect(rebound.status).toBe(421);
  expect((await send(LIST, JSON_TYPE, "{}")).body).not.toContain("Rebound");
});

test.each<[string, Record<string, string>, number]>([
  ["another site's page", { Origin: "https://evil.example" }, 403],
  ["a file on the disk", { Origin: "null" }, 403],
  ["another port of this machine", { Origin: "http://localhost:1" }, 403],
  ["another site's form", { "Sec-Fetch-Site": "cross-site" }, 403],
  ["a page of the same site", { "Sec-Fetch-Site": "same-site" }, 403],
])("a call by %s is refused", async (_name, headers, status) => {
  const answer = await send(CREATE, { ...JSON_TYPE, ...headers }, '{"title":"Forged"}');
  expect(answer.status).toBe(status);
  expect((await send(LIST, JSON_TYPE, "{}")).body).not.toContain("Forged");
});

test("a call by our own page passes; by GET, as a form or with another type it does not", async () => {
  const own = { ...JSON_TYPE, Origin: `http://localhost:${server.port}`, "Sec-Fetch-Site": "same-origin" };
  expect((await send(LIST, own, "{}")).status).toBe(200);
  expect((await send(LIST)).status).toBe(405);
  expect((await send(LIST, { "Content-Type": "text/plain" }, "{}")).status).toBe(415);
  expect((await send(LIST, { "Content-Type": "application/x-www-form-urlencoded" }, "a=b")).status).toBe(415);
  expect((await send(LIST, { Origin: "https://evil.example" }, undefined, "OPTIONS")).status).toBe(403);
});

test("every answer forbids to be framed, sniffed and told elsewhere", async () => {
  for (const answer of [await send("/"), await send("/healthz"), await send(LIST, JSON_TYPE, "{}"), await send("/nothing-here")]) {
    expect(answer.headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": expect.any(String) });
    expect(String(answer.headers["content-security-policy"])).toContain("frame-ancestors 'none'");
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  }
});

test("the runner's service is not to be had on the public port", async () => {
  const answer = await send("/malamar.runner.v1.RunnerService/Control", JSON_TYPE, "{}");
  expect(answer.status).toBe(404);
});

test("a message over the limit is refused without being read to its end", async () => {
  const answer = await send(CREATE, JSON_TYPE, JSON.stringify({ title: "big", description: "x".repeat(5 * 1024 * 1024) })).catch(
    (): Answer => ({ status: 0, headers: {}, body: "" }),
  );
  expect([0, 413, 429]).toContain(answer.status);
  expect((await send("/healthz")).status).toBe(200);
});

test("what is no HTTP at all is answered shortly and closed", async () => {
  const said = await new Promise<string>((resolve) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write("SSH-2.0-hello\r\n\r\n"));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("close", () => resolve(text));
    socket.on("error", () => resolve(text));
  });
  expect(said).toMatch(/^HTTP\/1\.1 400 /);
});

test("native gRPC over plaintext HTTP/2 works on the same port", async () => {
  const session = connectHttp2(server.url);
  const answer = await grpc(session, LIST, toBinary(ListWorkspacesRequestSchema, create(ListWorkspacesRequestSchema, { pageSize: 10 })));
  expect(answer).toMatchObject({ status: 200, grpcStatus: "0" });
  const { workspaces } = fromBinary(ListWorkspacesResponseSchema, answer.message);
  expect(workspaces.map(({ title }) => title)).toContain("By curl");
  const unknown = toBinary(GetTaskRequestSchema, create(GetTaskRequestSchema, { id: "nobodynobodynobodynob" }));
  expect(await grpc(session, "/malamar.v1.TaskService/GetTask", unknown)).toMatchObject({ grpcStatus: "5" });
  session.close();
});

test("gRPC is held to the same names", async () => {
  const session = connectHttp2(server.url);
  expect(await grpc(session, LIST, new Uint8Array(), { ":authority": "evil.example" })).toMatchObject({ status: 421 });
  session.close();
});

test("the web page is served, with its deep links, and nothing outside of it", async () => {
  const page = await send("/");
  expect(page).toMatchObject({ status: 200, headers: { "content-type": expect.stringContaining("text/html") } });
  expect((await send("/tasks/MAL-1", { Accept: "text/html" })).body).toBe(page.body);
  for (const path of ["/../package.json", "/%2e%2e/%2e%2e/package.json", "/..%2f..%2fpackage.json", "//etc/passwd"]) {
    expect((await send(path)).body).not.toContain('"private"');
  }
});

interface GrpcAnswer {
  status: number;
  grpcStatus: string;
  message: Uint8Array;
}

function grpc(session: ClientHttp2Session, path: string, message: Uint8Array, headers: Record<string, string> = {}): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers });
    const chunks: Buffer[] = [];
    let status = 0;
    let grpcStatus = "";
    stream.on("response", (response) => {
      status = Number(response[":status"]);
      grpcStatus = String(response["grpc-status"] ?? "");
    });
    stream.on("trailers", (trailers) => (grpcStatus = String(trailers["grpc-status"] ?? grpcStatus)));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => resolve({ status, grpcStatus, message: Buffer.concat(chunks).subarray(5) }));
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}
