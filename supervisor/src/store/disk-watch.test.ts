import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openBallast } from "./ballast.ts";
import { BALLAST_BYTES, type DiskState } from "./disk-state.ts";
import { type DiskWatch, type DiskWatchOptions, watchDisk } from "./disk-watch.ts";

let folder: string;
let file: string;
let disk: DiskWatch | undefined;
let looks: number;
const told: DiskState["level"][] = [];

beforeEach(() => {
  told.length = 0;
  looks = 0;
  folder = mkdtempSync(join(tmpdir(), "malamar-disk-"));
  file = join(folder, "ballast");
});
afterEach(() => {
  disk?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function watch(options: Partial<DiskWatchOptions> = {}): DiskWatch {
  const ballast = openBallast(file);
  const counted = { ...ballast, there: () => (looks++, ballast.there()) };
  return (disk = watchDisk({
    ballast: counted,
    reserve: 1024,
    now: () => 0,
    busy: () => false,
    onChange: ({ level }) => told.push(level),
    onError: (error) => {
      throw error;
    },
    interval: 10,
    fresh: 0,
    ...options,
  }));
}

const free = () => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

test("the ballast is made soon, closed to others, and given away when a write failed", async () => {
  const disk = watch();
  expect(existsSync(file)).toBe(false);
  await vi.waitFor(() => expect(statSync(file).size).toBe(BALLAST_BYTES));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(BALLAST_BYTES);
  disk.noteFull();
  expect(existsSync(file)).toBe(false);
  expect([disk.state().level, disk.hasRoom()]).toEqual(["full", false]);
  // There is room here, so it comes back, and with it everything else.
  await vi.waitFor(() => expect(told).toEqual(["full", "ok"]));
  expect([existsSync(file), disk.hasRoom()]).toEqual([true, true]);
});

test("below the reserve there is no room, and nothing is taken for the ballast either", async () => {
  const disk = watch({ reserve: free() + 1024 ** 3 });
  expect(disk.hasRoom()).toBe(false);
  await vi.waitFor(() => expect(told).toEqual(["low"]));
  await sleep(50);
  expect(existsSync(file)).toBe(false);
});

test("a ballast that cannot be written leaves the disk full", async () => {
  const disk = watch({ ballast: { ...openBallast(file), there: () => false, fill: () => Promise.resolve(false) } });
  disk.noteFull();
  await sleep(50);
  expect(disk.state().level).toBe("full");
});

test("it is looked at as long as there is work, and without work there is no timer", async () => {
  writeFileSync(file, Buffer.alloc(BALLAST_BYTES));
  let busy = true;
  const disk = watch({ busy: () => busy, fresh: 60_000 });
  await sleep(50);
  expect(looks).toBe(1);
  disk.note();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(6));
  busy = false;
  await sleep(50);
  const before = looks;
  await sleep(50);
  expect(looks).toBe(before);
});
