import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Problem } from "#errors/problem.ts";
import { keepGoodConfig, offerGoodConfig } from "./last-good-config.ts";

let folder: string;
let file: string;
let copy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "malamar-config-"));
  file = join(folder, "malamar.yaml");
  copy = `${file}.last-good`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mistake = () => new Problem("invalid", "bad_configuration", "It has mistakes.", "Correct them.");

test("what worked is kept, for this user only, and follows the file", () => {
  for (const content of ["port: 1\n", "port: 2\n"]) {
    writeFileSync(file, content);
    expect(keepGoodConfig(file, folder)).toBeUndefined();
    expect(readFileSync(copy, "utf8")).toBe(content);
  }
  expect(statSync(copy).mode & 0o777).toBe(0o600);
});

test("without a file nothing is kept, and nothing is said", () => {
  expect(keepGoodConfig(file, folder)).toBeUndefined();
  expect(existsSync(copy)).toBe(false);
});

test("A12: a file that went away or was emptied is said, and its copy stays", () => {
  writeFileSync(file, "port: 1\n");
  keepGoodConfig(file, folder);
  writeFileSync(file, "");
  expect(keepGoodConfig(file, folder)).toContain("is empty, so the defaults are in force");
  rmSync(file);
  expect(keepGoodConfig(file, folder)).toContain(`is gone, so the defaults are in force. As it was at the last start: ${copy}`);
  expect(readFileSync(copy, "utf8")).toBe("port: 1\n");
});

test("A12: whoever has mistakes in the file is told of the last one that worked, if there is one", () => {
  const error = mistake();
  expect(offerGoodConfig(error, folder)).toBe(error);
  writeFileSync(copy, "port: 1\n");
  expect(offerGoodConfig(error, folder)).toMatchObject({ message: error.message, nextStep: expect.stringContaining(copy) as string });
  const other = new Problem("busy", "already_running", "", "");
  expect(offerGoodConfig(other, folder)).toBe(other);
});
