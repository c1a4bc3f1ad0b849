import type { OwnNames } from "./own-names.ts";

/** What the guard looks at. A list holds every value sent under that name, so that a doubled header is seen. */
export interface RequestFacts {
  method: string;
  /** As on the request line, or `:path`. */
  target: string;
  /** `Host`, or `:authority` and a `Host` that differs from it. */
  hosts: readonly string[];
  origins: readonly string[];
  fetchSites: readonly string[];
  fetchModes: readonly string[];
  contentTypes: readonly string[];
}

export type Verdict =
  | { pass: true; kind: "rpc" | "page"; path: string }
  /** `code` is the word of the same name in Connect's error JSON. */
  | { pass: false; status: 400 | 403 | 404 | 405 | 415 | 421; code: string; message: string };

export interface GuardRules {
  names: OwnNames;
  isRpc: (path: string) => boolean;
}

/** All of them make a browser ask first (preflight), and the answer to that question is always no. */
const RPC_CONTENT_TYPES = new Set([
  "application/json",
  "application/json; charset=utf-8",
  "application/json;charset=utf-8",
  "application/proto",
  "application/connect+json",
  "application/connect+proto",
  "application/grpc",
  "application/grpc+proto",
]);

/** Stands before everything, default deny: only who calls us by our name, from our own page or from no page, gets through. */
export function decide(request: RequestFacts, rules: GuardRules): Verdict {
  return (
    refuseHost(request, rules) ??
    refuseOrigin(request, rules) ??
    refuseDoubled(request) ??
    (request.method === "OPTIONS"
      ? refuse(403, "permission_denied", "No other site may call Malamar, so there is nothing to ask beforehand.")
      : decideKind(request, rules))
  );
}

function refuse(status: (Verdict & { pass: false })["status"], code: string, message: string): Verdict {
  return { pass: false, status, code, message };
}

/** @returns the path of the target and, in absolute form, the name it was addressed to */
function splitTarget(target: string): { path: string; name?: string } | undefined {
  if (target.startsWith("/") || target === "*") return { path: target };
  const [, name, path] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target) ?? [];
  return name === undefined ? undefined : { path: path?.startsWith("/") ? path : `/${path ?? ""}`, name: name.toLowerCase() };
}

function refuseHost(request: RequestFacts, rules: GuardRules): Verdict | undefined {
  const [host, ...more] = request.hosts.map((name) => name.toLowerCase());
  const target = splitTarget(request.target);
  const ours = host !== undefined && more.length === 0 && rules.names.hosts.has(host) && target !== undefined;
  if (ours && (target.name === undefined || target.name === host)) return undefined;
  return refuse(
    421,
    "permission_denied",
    "This address is not one of Malamar's own names, so the request was refused and nothing was done. " +
      "Use the address that `malamar status` shows, or add the name to hostNames in the configuration.",
  );
}

/** Never compared with Host: a page that was rebound to our address sends both with its own name. */
function refuseOrigin(request: RequestFacts, rules: GuardRules): Verdict | undefined {
  const [origin, ...more] = request.origins;
  if (origin === undefined || (more.length === 0 && rules.names.origins.has(origin))) return undefined;
  return refuse(
    403,
    "permission_denied",
    "Another site's page may not call Malamar; nothing was done. Use Malamar's own page, malamarctl or the API.",
  );
}

function refuseDoubled(request: RequestFacts): Verdict | undefined {
  const once = [request.fetchSites, request.fetchModes, request.contentTypes].every((values) => values.length <= 1);
  return once ? undefined : refuse(400, "invalid_argument", "A header that may come once came more than once; nothing was done.");
}

function decideKind(request: RequestFacts, rules: GuardRules): Verdict {
  const target = splitTarget(request.target)?.path ?? "/";
  const path = target.split("?", 1)[0] ?? "/";
  if (rules.isRpc(path)) return decideRpc(request, path);
  if (/^\/[\w.]+\.v\d+\w*\.\w+\//.test(path)) {
    return refuse(
      404,
      "unimplemented",
      `There is no call ${path} in this version of Malamar; nothing was done. Its calls are in proto/malamar/v1.`,
    );
  }
  return decidePage(request, path);
}

function decideRpc(request: RequestFacts, path: string): Verdict {
  const [site] = request.fetchSites;
  if (site !== undefined && site !== "same-origin") return refuseSite();
  if (request.method !== "POST") {
    return refuse(
      405,
      "unimplemented",
      "Calls are made by POST, so that no link or image can make one; nothing was done. Send the same request by POST.",
    );
  }
  const [type = "none"] = request.contentTypes;
  if (RPC_CONTENT_TYPES.has(type)) return { pass: true, kind: "rpc", path };
  return refuse(
    415,
    "invalid_argument",
    "The call was refused for its content type and nothing was done. " +
      "Send application/json (with curl: -H 'Content-Type: application/json'), application/proto, their application/connect+… forms for streams, or application/grpc.",
  );
}

/** Files and /healthz: our own page loads them, a person types their address, nothing else in a browser asks for them. */
function decidePage(request: RequestFacts, path: string): Verdict {
  const [site] = request.fetchSites;
  const typed = site === "none" && request.fetchModes[0] === "navigate";
  if (site !== undefined && site !== "same-origin" && !typed) return refuseSite();
  if (request.method === "GET" || request.method === "HEAD") return { pass: true, kind: "page", path };
  return refuse(
    405,
    "unimplemented",
    `Nothing at ${path} takes ${request.method}; nothing was done. Calls are POST /malamar.v1.<Service>/<Method>.`,
  );
}

function refuseSite(): Verdict {
  return refuse(
    403,
    "permission_denied",
    "A page of another site led here, and those may not reach Malamar; nothing was done. Type the address into the browser's address bar instead.",
  );
}
