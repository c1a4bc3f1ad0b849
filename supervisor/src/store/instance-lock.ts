import Database from "better-sqlite3";
import { Problem } from "#errors/problem.ts";

/**
 * One supervisor per data directory. Held by an exclusive transaction on a database of its own, so the kernel frees it with
 * the process, however that ends. Never open the file otherwise: closing any descriptor of it would drop the lock.
 * @returns a function that frees the lock
 */
export function lockInstance(file: string): () => void {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) {
      throw new Problem(
        "busy",
        "already_running",
        "Another Malamar supervisor has this data directory; this one touched nothing.",
        "Use the running one, stop it with `malamar stop`, or start this one with another --data-dir.",
      );
    }
    throw error;
  }
  return () => db.close();
}
