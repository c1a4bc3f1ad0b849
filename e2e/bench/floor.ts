import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Spawns {
  /** Of each command, milliseconds. */
  times: number[];
  wall: number;
}

export interface Floor {
  pid: number;
  spawns(order: { command: string[]; count: number; inFlight: number }): Promise<Spawns>;
  end(): void;
}

/** The bare Node process that every figure about steps is compared with. */
export function openFloor(): Floor {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "bare-spawns.mjs")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (child.stdout === null || child.pid === undefined) throw new Error("The floor could not be started.");
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  return {
    pid: child.pid,
    spawns: (order) =>
      new Promise((resolve) => {
        waiting.push((line) => resolve(JSON.parse(line) as Spawns));
        child.stdin?.write(`${JSON.stringify(order)}\n`);
      }),
    end: () => void child.stdin?.end(),
  };
}
