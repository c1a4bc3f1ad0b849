import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { livingSupervisor } from "./record.ts";

const program = join(import.meta.dirname, "../malamar.ts");

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  out: () => string;
}

/** For tests: real processes of the program in a data directory of their own. */
export class Malamar {
  readonly dataDir = mkdtempSync(join(tmpdir(), "malamar-test-"));
  readonly pidFile = join(this.dataDir, "supervisor.pid");
  readonly #children: ChildProcess[] = [];

  spawn(args: string[], options: { env?: Record<string, string>; node?: string[] } = {}): Running {
    const env = { PATH: process.env["PATH"], HOME: this.dataDir, ...options.env };
    const child = spawn(process.execPath, [...(options.node ?? []), program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.push(child);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err })));
    return { child, ended, out: () => out + err };
  }

  run(args: string[], options: Parameters<Malamar["spawn"]>[1] = {}): Promise<Ended> {
    return this.spawn([...args, "--data-dir", this.dataDir], options).ended;
  }

  /** A supervisor that answers, on any free port. */
  async serve(args: string[] = [], options: Parameters<Malamar["spawn"]>[1] = {}): Promise<Running & { url: string }> {
    const running = this.spawn(["serve", "--data-dir", this.dataDir, "--port", "0", ...args], options);
    return { ...running, url: await this.url(running) };
  }

  async url({ child, out }: Running): Promise<string> {
    const until = performance.now() + 30_000;
    while (performance.now() < until && child.exitCode === null && child.signalCode === null) {
      const record = livingSupervisor(this.pidFile);
      if (record?.pid === child.pid && record?.url) return record.url;
      await sleep(20);
    }
    throw new Error(`Malamar did not become ready: ${out()}`);
  }

  /** Ends what a test left behind, a background one included. */
  async clean(): Promise<void> {
    const background = livingSupervisor(this.pidFile);
    if (background !== undefined) process.kill(background.pid, "SIGKILL");
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await sleep(20);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
