import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { executionFolder } from "./execution-folder.ts";
import { createSpareFolders, type SpareFolders } from "./spare-folder.ts";

let dataDir = "";
let spares: SpareFolders;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "malamar-spare-"));
  spares = createSpareFolders(dataDir, "runner1");
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const spare = () => join(dataDir, "executions/.spare-runner1");
async function ready(): Promise<void> {
  while (!existsSync(join(spare(), "stdout.log"))) await sleep(2);
  await sleep(10);
}

test("gives a private folder without an answer, once", async () => {
  const folder = executionFolder(dataDir, "e1");
  expect(spares.take(folder)).toBe(false);
  spares.refill();
  await ready();
  expect(spares.take(folder)).toBe(true);
  expect(readdirSync(folder.path).toSorted()).toEqual(["input.md", "meta.json", "prompt.txt", "stdout.log", "tmp"]);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  expect(statSync(folder.input).mode & 0o777).toBe(0o600);
  expect(spares.take(executionFolder(dataDir, "e2"))).toBe(false);
});

test("what a killed runner of the same name left is made anew", async () => {
  mkdirSync(spare(), { recursive: true });
  writeFileSync(join(spare(), "output.json"), "old");
  spares.refill();
  await ready();
  expect(existsSync(join(spare(), "output.json"))).toBe(false);
});

test("does not replace a folder that is there", async () => {
  const folder = executionFolder(dataDir, "e1");
  spares.refill();
  await ready();
  mkdirSync(folder.path);
  writeFileSync(folder.output, "old");
  expect(spares.take(folder)).toBe(false);
  expect(existsSync(folder.output)).toBe(true);
});

test("leaves nothing behind when it is removed, even before it was made", async () => {
  spares.refill();
  spares.remove();
  await sleep(20);
  expect(readdirSync(dataDir)).toEqual([]);
  const other = createSpareFolders(dataDir, "runner2");
  other.refill();
  while (!existsSync(join(dataDir, "executions/.spare-runner2/stdout.log"))) await sleep(2);
  await sleep(10);
  other.remove();
  expect(readdirSync(join(dataDir, "executions"))).toEqual([]);
});
