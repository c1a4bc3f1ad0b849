import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, processFacts } from "#runners/process-identity.ts";

/** What a running supervisor leaves in its data directory for those who look for it. */
export interface SupervisorRecord {
  pid: number;
  /** With the pid it names one process for ever; a number that was given to another program is not mistaken for ours. */
  pidStartTicks: number;
  /** New at every start; /healthz says it too. */
  instance: string;
  version: string;
  /** Unix milliseconds. */
  startedAt: number;
  background: boolean;
  /** Empty until the port is open. */
  url: string;
}

/** Own identity for a record, before the port is open. */
export function ownRecord(own: Pick<SupervisorRecord, "instance" | "version" | "startedAt" | "background">): SupervisorRecord {
  return { ...own, pid: process.pid, pidStartTicks: processFacts(process.pid)?.startTicks ?? 0, url: "" };
}

/** The first line is the pid alone, as scripts expect of such a file. */
export function writeRecord(file: string, record: SupervisorRecord): void {
  const fresh = `${file}.${record.pid}`;
  writeFileSync(fresh, `${record.pid}\n${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}

/** @returns undefined when there is none, or none that can be read */
export function readRecord(file: string): SupervisorRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8").split("\n")[1] ?? "") as SupervisorRecord;
  } catch {
    return undefined;
  }
}

/** Only a clean end removes it, so one that is still there at the next start tells of an end that was not. */
export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}

/** The supervisor of a data directory, if it lives. */
export function livingSupervisor(file: string): SupervisorRecord | undefined {
  const record = readRecord(file);
  return record !== undefined && isAlive(record) ? record : undefined;
}
