import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { replyRefusal } from "./reply.ts";
import type { Request, Response } from "./request-facts.ts";
import { pagePolicy } from "./security-headers.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

const ENCODINGS = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Malamar</title></head>
<body>
<h1>The web app is not built yet</h1>
<p>Malamar itself runs: its API answers at this address, and your data is not touched.</p>
<p>Build the web app in the folder of the repository, then load this page again (no restart needed):</p>
<pre>pnpm build</pre>
<p>Until then the command line does everything:</p>
<pre>./bin/malamarctl task list</pre>
</body></html>
`;

/**
 * Serves the built web app from its folder. Every request looks at the disk, so a rebuild needs no restart, and whole files
 * are read, so a file that vanishes in between is an answer and no broken stream.
 */
export function createStaticWeb(folder: string): (request: Request, response: Response, path: string) => Promise<void> {
  return async function serve(request, response, path) {
    const name = safeName(path);
    if (name !== undefined && (await serveFile(request, response, folder, name))) return;
    // An address inside the app is the app's page; a missing script must stay missing.
    const page = acceptsHtml(request) && !path.startsWith("/_app/");
    if (page && (await serveFile(request, response, folder, "index.html"))) return;
    if (page || path === "/") return replyNotBuilt(response);
    replyRefusal(
      response,
      404,
      "not_found",
      `There is nothing at ${path}. The app is at /, calls are POST /malamar.v1.<Service>/<Method>.`,
    );
  };
}

function acceptsHtml(request: Request): boolean {
  return (request.headers.accept ?? "").includes("text/html");
}

/** @returns the file's name below the folder; undefined for what can be no name of a built file */
function safeName(path: string): string | undefined {
  if (path === "/") return "index.html";
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const segments = decoded.slice(1).split("/");
  const plain = decoded.startsWith("/") && segments.every((segment) => /^[^.\\\0][^\\\0]*$/.test(segment));
  return plain ? segments.join("/") : undefined;
}

async function serveFile(request: Request, response: Response, folder: string, name: string): Promise<boolean> {
  const found = await findFile(request, join(folder, name));
  if (found === undefined) return false;
  const type = TYPES[extname(name)] ?? "application/octet-stream";
  response.setHeader("Content-Type", type);
  response.setHeader("Vary", "Accept-Encoding");
  response.setHeader("ETag", found.etag);
  response.setHeader("Cache-Control", name.startsWith("_app/immutable/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (type.startsWith("text/html")) response.setHeader("Content-Security-Policy", pagePolicy(await readFile(join(folder, name), "utf8")));
  if (request.headers["if-none-match"] === found.etag) {
    response.writeHead(304);
    response.end();
    return true;
  }
  if (found.encoding !== undefined) response.setHeader("Content-Encoding", found.encoding);
  response.setHeader("Content-Length", found.body.length);
  response.writeHead(200);
  response.end(request.method === "HEAD" ? undefined : found.body);
  return true;
}

/** The file, or the smaller form of it that was made at build time and that the client takes. */
async function findFile(request: Request, file: string): Promise<{ body: Buffer; etag: string; encoding?: string } | undefined> {
  const accepted = request.headers["accept-encoding"] ?? "";
  const wanted = ENCODINGS.filter(({ name }) => new RegExp(`\\b${name}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted));
  for (const { name, suffix } of wanted) {
    const found = await readWhole(file + suffix);
    if (found !== undefined) return { ...found, encoding: name };
  }
  return readWhole(file);
}

async function readWhole(file: string): Promise<{ body: Buffer; etag: string } | undefined> {
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return undefined;
    return { body: await readFile(file), etag: `"${facts.size.toString(36)}-${facts.mtimeMs.toString(36)}"` };
  } catch {
    return undefined;
  }
}

function replyNotBuilt(response: Response): void {
  response.setHeader("Content-Type", TYPES[".html"] ?? "");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Length", Buffer.byteLength(NOT_BUILT));
  response.writeHead(503);
  response.end(NOT_BUILT);
}
