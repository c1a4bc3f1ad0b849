import { readdirSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DescService } from "@bufbuild/protobuf";
import { pino } from "pino";
import { openHttpServer } from "./server.ts";
import type { HttpServer, HttpServerOptions } from "./server.ts";

const protoFolder = join(import.meta.dirname, "../../../proto/gen/malamar/v1");

/** Every service of the public schema, found by looking, so that a new one is covered by the tests by itself. */
export async function publicServices(): Promise<DescService[]> {
  const files = readdirSync(protoFolder).filter((name) => name.endsWith("_service_pb.ts"));
  const modules = await Promise.all(
    files.map((name) => import(pathToFileURL(join(protoFolder, name)).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isService));
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

export interface TestServer extends HttpServer {
  /** What was logged, one object per line. */
  logged: Record<string, unknown>[];
}

export async function openTestServer(options: Partial<HttpServerOptions> = {}): Promise<TestServer> {
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
  const server = await openHttpServer({
    addresses: ["127.0.0.1", "::1"],
    port: 0,
    hostNames: [],
    webFolder: "/nonexistent",
    routes: () => {},
    interceptors: [],
    health: () => ({ healthy: true, version: "0.0.0" }),
    log,
    ...options,
  });
  return { ...server, logged };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes as they are and reads until the server closes the connection; status 0 = closed without an answer. */
export function sendRaw(port: number, text: string, host = "127.0.0.1"): Promise<RawAnswer> {
  const socket = connect(port, host);
  socket.write(text);
  return readAnswer(socket);
}

/** Reads one answer from a socket until it is closed. */
export function readAnswer(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      const [head = "", ...body] = text.split("\r\n\r\n");
      const [first = "", ...lines] = head.split("\r\n");
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
      );
      resolve({ status: Number(first.split(" ")[1] ?? 0), headers, body: body.join("\r\n\r\n") });
    });
  });
}
