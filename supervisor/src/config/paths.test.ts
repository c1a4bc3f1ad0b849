import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dataPaths, existingPaths, makeDataFolders, makeRuntimeDir, programFiles } from "./paths.ts";

let folder: string;
const runtimeDirs: string[] = [];
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "malamar-paths-"))));
afterEach(() => {
  for (const each of [folder, ...runtimeDirs.splice(0)]) rmSync(each, { recursive: true, force: true });
});

const mode = (path: string) => statSync(path).mode & 0o777;

test("every folder is made for this user only", () => {
  const paths = makeDataFolders(join(folder, "deep", "data"));
  runtimeDirs.push(paths.runtimeDir);
  for (const each of [paths.dataDir, paths.executions, paths.tasks, paths.logs, paths.runnerLogs, paths.runtimeDir])
    expect(mode(each)).toBe(0o700);
  expect(makeDataFolders(paths.dataDir)).toEqual(paths);
});

test("the socket path is short whatever the data directory is called, and two directories never share it", () => {
  const long = dataPaths(`/${"very-long-name/".repeat(40)}`, 4_294_967_294);
  expect(Buffer.byteLength(long.runnerSocket)).toBeLessThanOrEqual(107);
  expect(dataPaths("/a").runnerSocket).not.toBe(dataPaths("/b").runnerSocket);
});

test("two ways to one directory lead to one socket", () => {
  const paths = makeDataFolders(join(folder, "data"));
  runtimeDirs.push(paths.runtimeDir);
  symlinkSync(paths.dataDir, join(folder, "link"));
  expect(existingPaths(join(folder, "link"))).toEqual(paths);
  expect(existingPaths(join(folder, "absent")).dataDir).toBe(join(folder, "absent"));
  expect(existsSync(join(folder, "absent"))).toBe(false);
});

test("a runtime folder that others may read is closed, one that is not ours is refused", () => {
  const open = join(folder, "malamar", "key");
  mkdirSync(open, { recursive: true });
  chmodSync(open, 0o777);
  makeRuntimeDir(open);
  expect([mode(open), mode(join(folder, "malamar"))]).toEqual([0o700, 0o700]);
  expect(() => makeRuntimeDir(open, 12_345)).toThrow("belongs to somebody else, so nothing was started");
});

test("a link in the place of the runtime folder is refused", () => {
  mkdirSync(join(folder, "target"));
  mkdirSync(join(folder, "malamar"));
  symlinkSync(join(folder, "target"), join(folder, "malamar", "key"));
  expect(() => makeRuntimeDir(join(folder, "malamar", "key"))).toThrow("belongs to somebody else");
});

test("the program's files are found from source and from the bundle alike", () => {
  const root = join(import.meta.dirname, "..", "..", "..");
  expect(programFiles(join(root, "supervisor", "src"))).toEqual(programFiles(join(root, "supervisor", "dist")));
  expect(existsSync(programFiles(join(root, "supervisor", "src")).migrations)).toBe(true);
});
