import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, test } from "vitest";
import { GUARD_MARKER, ownView } from "./guard.ts";
import { hasProc, holdsEntry, isLiving, newestPid, startTicks } from "./proc.ts";
import { reap } from "./reap.ts";
import { MARKER, sweepAfterExit } from "./sweep.ts";

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

async function sleeper(executionId: string | null): Promise<{ pid: number; gone: Promise<unknown> }> {
  const marker = executionId === null ? {} : { [MARKER]: executionId };
  const child = spawn("sleep", ["600"], { env: { PATH: process.env["PATH"], ...marker }, detached: true, stdio: "ignore" });
  started.push(child);
  await once(child, "spawn");
  return { pid: child.pid ?? 0, gone: once(child, "exit") };
}

// A sweep looks at the whole machine, so that another run of these tests must have other ids.
describe("the marker in an environment", () => {
  const environ = (...entries: string[]) => Buffer.from(entries.join("\0") + "\0");

  test("is found as a whole entry only", () => {
    expect(holdsEntry(environ("A=1", "ID=abc"), "ID=abc")).toBe(true);
    expect(holdsEntry(environ("ID=abc", "A=1"), "ID=abc")).toBe(true);
    expect(holdsEntry(environ("ID=abcd"), "ID=abc")).toBe(false);
    expect(holdsEntry(environ("XID=abc"), "ID=abc")).toBe(false);
    expect(holdsEntry(environ("XID=abc", "ID=abc"), "ID=abc")).toBe(true);
    expect(holdsEntry(Buffer.from("ID=abc"), "ID=abc")).toBe(true);
    expect(holdsEntry(Buffer.alloc(0), "ID=abc")).toBe(false);
  });
});

describe("reaping an execution whose runner is gone", () => {
  test("kills what holds the marker, and only that", async () => {
    const mine = await sleeper(`reap-1-${process.pid}`);
    const other = await sleeper(`reap-1-${process.pid}1`);
    expect(await reap(`reap-1-${process.pid}`, 0, 0n)).toEqual({ killed: 1, empty: true });
    await mine.gone;
    expect(startTicks(other.pid)).not.toBe(0n);
  });

  test("kills the recorded process group without a marker when pid and start time match", async () => {
    const { pid, gone } = await sleeper(null);
    expect(await reap(`reap-2-${process.pid}`, pid, startTicks(pid))).toEqual({ killed: 1, empty: true });
    await gone;
  });

  test("never touches a process that has got the pid meanwhile", async () => {
    const { pid } = await sleeper(null);
    expect(await reap(`reap-3-${process.pid}`, pid, startTicks(pid) + 1n)).toEqual({ killed: 0, empty: true });
    expect(await reap(`reap-3-${process.pid}`, pid, 0n)).toEqual({ killed: 0, empty: true });
    expect(startTicks(pid)).not.toBe(0n);
  });
});

describe.skipIf(!hasProc)("the guard of a runner that is gone", () => {
  const guardOf = async (owner: string) => {
    const child = spawn("sleep", ["600"], { env: { PATH: process.env["PATH"], [GUARD_MARKER]: owner }, detached: true, stdio: "ignore" });
    started.push(child);
    await once(child, "spawn");
    return child.pid ?? 0;
  };

  test("is ended, while those of living runners and of runners that we cannot see stay", async () => {
    const gone = await guardOf(`2147483646:1:${ownView()}`);
    const living = await guardOf(`${process.pid}:${startTicks(process.pid)}:${ownView()}`);
    // In a container, or under another boot time, its runner has another pid or start time than we see.
    const elsewhere = await guardOf("2147483646:1:pid:[1]/time:[1]");
    expect((await reap(`reap-4-${process.pid}`, 0, 0n)).empty).toBe(true);
    expect([gone, living, elsewhere].map((pid) => startTicks(pid) !== 0n && isLiving(pid, startTicks(pid)))).toEqual([false, true, true]);
  });
});

describe("sweeping after an exit", () => {
  test("finds a child that was started before the pids were counted again from the bottom", async () => {
    const { pid, gone } = await sleeper(`sweep-1-${process.pid}`);
    // Its leader would have had a higher pid than anything that lives.
    expect(await sweepAfterExit(`sweep-1-${process.pid}`, (newestPid() ?? pid) + 1_000_000, 1)).toEqual({ killed: 1, empty: true });
    await gone;
  });

  test("looks at all processes after a long life", async () => {
    const { pid, gone } = await sleeper(`sweep-2-${process.pid}`);
    const later = spawn("true", { stdio: "ignore" });
    await once(later, "exit");
    expect(await sweepAfterExit(`sweep-2-${process.pid}`, pid + 1, 3_600_000)).toEqual({ killed: 1, empty: true });
    await gone;
  });

  test("costs well under a millisecond when nothing was left behind", async () => {
    const times: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const child = spawn("true", { stdio: "ignore", detached: true });
      await once(child, "exit");
      const since = performance.now();
      await sweepAfterExit(`sweep-3-${round}`, child.pid ?? 0, 1);
      times.push(performance.now() - since);
    }
    expect(times.toSorted((a, b) => a - b)[15]).toBeLessThan(1);
  });
});
