import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { RequestFacts } from "./guard.ts";

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = (ServerResponse | Http2ServerResponse) & {
  // The two are alike in what is used here, but TypeScript cannot call a union of overloads.
  writeHead(status: number): unknown;
  end(body?: string | Uint8Array): unknown;
};

/** Reads the raw header list: Node's parsed one silently keeps one of two equal names. */
export function readFacts(request: Request): RequestFacts {
  const values = (name: string) => {
    const found: string[] = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      if (request.rawHeaders[i]?.toLowerCase() === name) found.push(request.rawHeaders[i + 1] ?? "");
    }
    return found;
  };
  const hosts = values("host");
  const [authority] = values(":authority");
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    hosts: authority === undefined ? hosts : [authority, ...hosts.filter((host) => host !== authority)],
    origins: values("origin"),
    fetchSites: values("sec-fetch-site"),
    fetchModes: values("sec-fetch-mode"),
    contentTypes: values("content-type"),
  };
}
