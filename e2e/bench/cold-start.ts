// Figure 8: how long programs take from nothing to their first useful act.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { runnerProcesses } from "../processes.ts";
import { type Server, startMalamar } from "../start-malamar.ts";
import { cpuOf } from "./numbers.ts";

export interface Started {
  /** Milliseconds. */
  wall: number;
  cpu: number;
}

/** Start to exit of a program that this Node runs, as bash's `time` sees it. */
export function timeToExit(args: string[]): Started {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null';
  const { stderr, status } = spawnSync("/bin/bash", ["-c", script, "bash", process.execPath, ...args], { encoding: "utf8" });
  const [wall = NaN, user = NaN, system = NaN] = stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  if (status !== 0) throw new Error(`${args.join(" ")} exited with ${status}: ${stderr}`);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

export function emptyFile(): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "malamar-bench-"));
  const path = join(folder, "empty.cjs");
  writeFileSync(path, "");
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

/** What a program's compile cache needs to be written, as it is in real life. */
export const CACHE_TIME = 3500;

/** Start of a runner until its first message (Hello) is on the socket. A bare socket listens, so nothing else is measured. */
export async function runnerToHello(command: readonly string[], lives = 0): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), "malamar-bench-"));
  const socketPath = join(folder, "runner.sock");
  mkdirSync(join(folder, "data"));
  const hello = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    let seen = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      seen = Buffer.concat([seen, chunk]);
      if (holdsData(seen)) hello.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const since = performance.now();
  const [program = "", ...flags] = command;
  const args = [...flags, "--socket", socketPath, "--id", "bench", "--boot", "1", "--data-dir", join(folder, "data")];
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin?.end("token\n");
  await hello.promise;
  const started = { wall: performance.now() - since, cpu: cpuOf(child.pid ?? 0) };
  await sleep(lives);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  server.close();
  rmSync(folder, { recursive: true });
  return started;
}

/** Whether an HTTP/2 DATA frame lies in what a client has sent since its preface. */
function holdsData(bytes: Buffer): boolean {
  for (let at = 24; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) if (bytes[at + 3] === 0) return true;
  return false;
}

export interface ServerStarts {
  /** Program and flags with which the supervisor starts a runner. */
  runner: string[];
  first(): Promise<Started>;
  afterKill(): Promise<Started>;
  end(): Promise<void>;
}

/** A server that is started again and again on the same data directory, with some work in it. */
export async function openServerStarts(): Promise<ServerStarts> {
  const server = await startMalamar({ config: { sample: true } });
  const [workspace] = (await server.api.workspaces.listWorkspaces({})).workspaces;
  await server.api.tasks.createTask({ workspaceId: workspace?.id ?? "", summary: "Needs a runner" });
  const [found] = await eventually("a runner is there", () => runnersOf(server), { timeout: 10_000 });
  await sleep(CACHE_TIME);
  return {
    runner: found?.command.split(" --socket")[0]?.split(" ") ?? [],
    async first() {
      await server.stop("SIGINT");
      return toFirstAnswer(server);
    },
    async afterKill() {
      const since = performance.now();
      await server.stop("SIGKILL");
      const { cpu } = await toFirstAnswer(server);
      return { wall: performance.now() - since, cpu };
    },
    end: () => server.end(),
  };
}

function runnersOf({ dataDir }: Server) {
  const found = runnerProcesses(dataDir);
  return found.length > 0 && found;
}

async function toFirstAnswer(server: Server): Promise<Started> {
  const since = performance.now();
  const starting = server.start();
  while (!(await answers(server.port))) await sleep(1);
  const started = { wall: performance.now() - since, cpu: cpuOf(server.pid()) };
  await starting;
  return started;
}

/** One request by hand, since fetch would cost more than what is measured. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.once("data", (chunk) => {
      resolve(chunk.toString().startsWith("HTTP/1.1 200"));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
