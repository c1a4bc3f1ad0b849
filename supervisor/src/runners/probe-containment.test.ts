import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeContainment, refuseMissingContainment } from "./probe-containment.ts";

const RUNNER = join(import.meta.dirname, "../../../runner/src/main.ts");

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "malamar-probe-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function runnerThatSays(facts: object): string {
  const program = join(folder, "runner.mjs");
  writeFileSync(program, `console.log(${JSON.stringify(JSON.stringify(facts))});`);
  return program;
}

test("the runner program itself says which levels this machine has", async () => {
  const { chosen, levels } = await probeContainment(RUNNER);
  expect(Object.keys(levels).toSorted()).toEqual(["L0", "L1", "L2", "L3"]);
  expect(levels[chosen]).toBeNull();
  expect(levels["L0"]).toBeNull();
});

test("a level that was asked for and cannot be had keeps everything from starting, with the reason and what to do", async () => {
  const program = runnerThatSays({ chosen: "L0", levels: { L0: null, L1: "no cgroup v2 file system is mounted" } });
  await expect(refuseMissingContainment(program, "L1")).rejects.toMatchObject({
    reason: "containment_missing",
    message: expect.stringContaining("no cgroup v2 file system is mounted"),
    nextStep: expect.stringContaining("L0 here"),
  });
  await refuseMissingContainment(program, "L0");
  await refuseMissingContainment("/no/such/program", "auto");
});
