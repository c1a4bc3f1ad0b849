// Kill points: which system calls on the database's files a piece of work makes, and a death at each of them.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { FaultContext } from "../fault.ts";

/** Everything by which SQLite changes something on a disk. */
export const CALLS = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "rename"];

/** Dies at the so-manieth call of a kind; strace counts for each thread by itself, and checkpoints have a thread of their own. */
export interface KillPoint {
  call: string;
  count: number;
  during: "commit" | "checkpoint";
}

/** @param lines of strace, of one undisturbed run of the process */
export function killPoints(lines: readonly string[], pid: number): KillPoint[] {
  const counts: Record<string, number> = {};
  return lines.map((line) => {
    const [, thread = "", call = ""] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    const key = `${thread} ${call}`;
    return { call, count: (counts[key] = (counts[key] ?? 0) + 1), during: Number(thread) === pid ? "commit" : "checkpoint" };
  });
}

/** All in the long form; otherwise some, spread evenly, where exactly is up to the seed. */
export function some<T>({ short, random }: Pick<FaultContext, "short" | "random">, all: readonly T[], many: number): T[] {
  if (!short || all.length <= many) return [...all];
  return Array.from({ length: many }, (_, index) => all[Math.floor(((index + random()) * all.length) / many)] as T);
}

/** A data directory as it is while nobody works in it, to be put back as often as wanted. */
export function snapshot(dataDir: string, to: string): { restore(): void } {
  cpSync(dataDir, to, { recursive: true, preserveTimestamps: true });
  return {
    restore() {
      for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true, force: true });
      for (const name of readdirSync(to)) cpSync(join(to, name), join(dataDir, name), { recursive: true, preserveTimestamps: true });
    },
  };
}

/** What every start writes anew, and files that are still to be removed. */
const PASSING = new Set(["installation", "runners", "removals", "sqlite_sequence"]);

/**
 * Everything in a database that nobody has open, a line for each row, in an order that does not depend on chance: ids, times and
 * hashes are masked. The files are copied, so that it stays for the next start to mend what a death left.
 */
export function contents(context: FaultContext, dataDir: string): { rows: string[]; check: string } {
  const copy = join(context.folder, "look.sqlite");
  for (const end of ["", "-wal", "-shm"]) rmSync(`${copy}${end}`, { force: true });
  for (const name of readdirSync(dataDir)) {
    if (/^malamar\.sqlite(-wal)?$/.test(name)) cpSync(join(dataDir, name), join(context.folder, name.replace("malamar", "look")));
  }
  const db = new DatabaseSync(copy);
  try {
    const check = (db.prepare("PRAGMA quick_check").all() as { quick_check: string }[]).map((row) => row.quick_check).join("\n");
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    const rows = tables.flatMap(({ name }) =>
      PASSING.has(name)
        ? []
        : db
            .prepare(`SELECT * FROM ${name}`)
            .all()
            .map((row) => `${name} ${JSON.stringify(row, mask)}`),
    );
    return { rows: rows.toSorted(), check };
  } finally {
    db.close();
  }
}

function mask(_key: string, value: unknown): unknown {
  if (typeof value === "number" && value > 1e12) return "time";
  if (typeof value !== "string") return value;
  return value.replaceAll(/\b[0-9A-Za-z]{21}\b/g, "id").replaceAll(/\b[0-9a-f]{64}\b/g, "hash");
}
