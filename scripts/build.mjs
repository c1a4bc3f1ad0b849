// Builds what runs: small CommonJS bundles for the Node programs, static files for the web app.
//   node scripts/build.mjs            everything
//   node scripts/build.mjs --changed  only what differs from the last build
//   node scripts/build.mjs runner     only the packages named
//
// CommonJS with a compile cache starts fastest of what was measured. A program is a tiny launcher (it turns the
// cache on) and its bundle. The launcher lies as deep in dist/ as the entry lies in src/, so a path that an entry
// resolves from import.meta.dirname is the same from source and from the bundle.
import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { fingerprint, readStamp, writeStamp } from "./stamps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const onlyChanged = process.argv.includes("--changed");

/** name → entry, relative to the package's src/. */
const programs = [
  {
    target: "supervisor",
    folder: "supervisor",
    entries: { malamar: "malamar.ts" },
    workers: "**/*.worker.ts",
    // A native addon, and a pool that starts its own worker file by path: both stay in node_modules.
    external: ["better-sqlite3", "piscina"],
  },
  { target: "runner", folder: "runner", entries: { runner: "main.ts" }, workers: "**/*.worker.ts", external: [] },
  { target: "demo CLI", folder: "runner", entries: { "demo-cli": "clis/demo/demo-cli.ts" }, external: [] },
  { target: "malamarctl", folder: "clients/malamarctl", entries: { malamarctl: "main.ts" }, external: [] },
];

/** What each folder's output depends on. */
const shared = ["pnpm-lock.yaml", "scripts/build.mjs", "proto/gen", "proto/package.json"];
const sdk = ["clients/sdk-ts/src", "clients/sdk-ts/package.json"];
const folders = {
  web: { inputs: ["web", ...sdk, ...shared], output: "web/build/index.html" },
  supervisor: { inputs: ["supervisor/src", "supervisor/package.json", ...shared], output: "supervisor/dist/malamar.cjs" },
  runner: { inputs: ["runner/src", "runner/package.json", ...shared], output: "runner/dist/runner.cjs" },
  "clients/malamarctl": {
    inputs: ["clients/malamarctl/src", "clients/malamarctl/package.json", ...sdk, ...shared],
    output: "clients/malamarctl/dist/malamarctl.cjs",
  },
};

const launcher = (name) => `"use strict";
const { enableCompileCache, flushCompileCache } = require("node:module");
enableCompileCache(require("node:path").join(__dirname, ".compile-cache"));
require("./${name}.bundle.cjs");
setTimeout(flushCompileCache, 3000).unref();
`;

/** In source a worker is started from its .ts file, in the bundle from the .cjs file beside the launcher. */
const workerPaths = {
  name: "worker-paths",
  transform: {
    filter: { code: /\.worker\.ts["']/ },
    handler: (code) => code.replace(/(new URL\(\s*["'])[^"']*?([\w-]+)\.worker\.ts(["']\s*,\s*import\.meta\.url)/g, "$1./$2.worker.cjs$3"),
  },
};

async function bundle(folder, dist) {
  const { rolldown } = await import("rolldown");
  mkdirSync(dist, { recursive: true });
  for (const program of programs.filter((each) => each.folder === folder)) {
    const src = join(root, folder, "src");
    const input = {};
    for (const [name, entry] of Object.entries(program.entries)) {
      input[`${name}.bundle`] = join(src, entry);
      writeFileSync(join(dist, `${name}.cjs`), launcher(name));
    }
    for (const worker of program.workers ? globSync(program.workers, { cwd: src }) : []) {
      input[basename(worker, ".ts")] = join(src, worker);
    }
    const build = await rolldown({
      input,
      cwd: join(root, folder),
      platform: "node",
      external: program.external,
      plugins: [workerPaths],
      transform: { target: "node24" },
    });
    await build.write({
      dir: dist,
      format: "cjs",
      minify: true,
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name]-[hash].cjs",
      comments: false,
    });
    await build.close();
  }
}

/** A build that fails leaves what worked; two at once end with one of them whole. */
async function bundleAndSwap(folder) {
  const dist = join(root, folder, "dist");
  const fresh = `${dist}.${process.pid}`;
  try {
    await bundle(folder, fresh);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function buildWeb() {
  const kit = createRequire(join(root, "web/package.json"));
  const vite = join(kit.resolve("vite/package.json"), "../bin/vite.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vite, "build", "--logLevel", "warn"], {
      cwd: join(root, "web"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = [];
    child.stdout.on("data", (chunk) => said.push(chunk));
    child.stderr.on("data", (chunk) => said.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(Buffer.concat(said).toString().trim()))));
  });
}

async function build(folder) {
  const { inputs, output } = folders[folder];
  const print = fingerprint(root, inputs);
  const stamp = `build-${folder.replace("/", "-")}`;
  if (onlyChanged && readStamp(root, stamp) === print && existsSync(join(root, output))) return;
  const since = performance.now();
  await (folder === "web" ? buildWeb() : bundleAndSwap(folder));
  writeStamp(root, stamp, print);
  console.log(`built ${folder} in ${((performance.now() - since) / 1000).toFixed(1)} s`);
}

const named = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const chosen = Object.keys(folders).filter((folder) => named.length === 0 || named.some((word) => folder.includes(word)));

async function buildOne(folder) {
  try {
    await build(folder);
  } catch (error) {
    console.error(`${folder} was not built, what was there before is kept: ${stripVTControlCharacters(String(error?.message ?? error))}`);
    process.exitCode = 1;
  }
}

// The web build has its own process; the bundles share the time it takes.
const web = chosen.includes("web") ? buildOne("web") : undefined;
for (const folder of chosen.filter((each) => each !== "web")) await buildOne(folder);
await web;
