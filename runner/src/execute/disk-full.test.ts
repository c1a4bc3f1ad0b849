import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createTrial, FIXTURES } from "./try-execution.ts";

// A file system of 2 MiB. Only root may make one, so elsewhere these tests are left out.
const trial = createTrial();
const mounted = mount();
afterAll(() => {
  if (mounted) execFileSync("umount", ["-l", trial.dataDir]);
  trial.remove();
});

function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", trial.dataDir], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!mounted)("an execution whose log fills the disk is ended and says so", async () => {
  const { report } = await trial.start({ command: [join(FIXTURES, "floods.py"), "64"], limits: { logCap: 256 * 1024 * 1024 } }).ended;
  expect(report.cause).toBe("disk_full");
  expect(report.error).toContain("disk is full");
});

test.skipIf(!mounted)("on a full disk nothing is started", async () => {
  try {
    writeFileSync(join(trial.dataDir, "filler"), Buffer.alloc(4 * 1024 * 1024));
  } catch {
    // As it should.
  }
  for (let at = 0; at < 4; at += 1) {
    const { report } = await trial.start({ command: ["true"] }).ended;
    expect(report).toMatchObject({ cause: "disk_full", startedAt: null });
  }
  expect(readdirSync(trial.dataDir)).toContain("filler");
});
