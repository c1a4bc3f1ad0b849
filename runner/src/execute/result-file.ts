// result.json: a report that waits for the supervisor, kept over a crash of this runner. Written under another name and
// flushed before it gets its own, so it is whole or not there.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { complain } from "#errors/complain.ts";
import { executionsFolder, type ExecutionFolder } from "#workdir/execution-folder.ts";
import type { Report } from "./report.ts";

export function writeResult(folder: ExecutionFolder, runnerId: string, report: Report): void {
  const unfinished = `${folder.result}.tmp`;
  try {
    writeDurably(unfinished, JSON.stringify({ runnerId, report }, encode));
    renameSync(unfinished, folder.result);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  const directory = openSync(folder.path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function writeDurably(path: string, content: string): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The report that a runner, this one or one that is gone, could not deliver; null = there is none. */
export function readResultOf(dataDir: string, executionId: string): Report | null {
  const report = readResult(join(executionsFolder(dataDir), executionId, "result.json"), null);
  return report?.executionId === executionId ? report : null;
}

/** Reports of this runner that an earlier boot could not deliver. */
export function readResults(dataDir: string, runnerId: string): Report[] {
  let names: string[];
  try {
    names = readdirSync(executionsFolder(dataDir));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const report = readResult(join(executionsFolder(dataDir), name, "result.json"), runnerId);
    return report !== null && report.executionId === name ? [report] : [];
  });
}

/** @param runnerId whose it has to be; null = whoever wrote it */
function readResult(path: string, runnerId: string | null): Report | null {
  if (!existsSync(path)) return null;
  try {
    const content = JSON.parse(readFileSync(path, "utf8"), decode) as { runnerId: string; report: Report };
    return runnerId === null || content.runnerId === runnerId ? content.report : null;
  } catch (error) {
    complain("A result that waits for delivery cannot be read and stays.", { path, error });
    return null;
  }
}

// JSON knows neither big integers nor bytes.
function encode(this: unknown, key: string, value: unknown): unknown {
  const own = (this as Record<string, unknown>)[key];
  if (typeof own === "bigint") return { $int: own.toString() };
  if (own instanceof Uint8Array) return { $bytes: Buffer.from(own).toString("base64") };
  return value;
}

function decode(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$int" in value && typeof value.$int === "string") return BigInt(value.$int);
  if ("$bytes" in value && typeof value.$bytes === "string") return Buffer.from(value.$bytes, "base64");
  return value;
}
