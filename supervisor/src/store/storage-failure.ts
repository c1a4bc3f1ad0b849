import { Problem } from "#errors/problem.ts";

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
};

/**
 * Whether the storage can no longer be trusted. After a failed fsync the next commit may look fine although pages were dropped,
 * and a disk that turned read-only did so because of something: never go on in this process.
 */
export function isUntrustworthy(error: unknown): boolean {
  return /^SQLITE_(IOERR|CORRUPT|NOTADB|READONLY)/.test(codeOf(error)) && !isFull(error);
}

/** Whether what is stored cannot be what was written. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
}

/** Whether a write failed for want of space, of the disk's or of the user's quota. SHMSIZE is how SQLite says it of its index. */
export function isFull(error: unknown): boolean {
  return /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/.test(codeOf(error));
}

/** Whether another program holds a lock on the database. */
export function isLocked(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_BUSY");
}

/** What the storage did to a start, in words a person can act on; any other error as it is. */
export function explainStorage(error: unknown, dataDir: string): unknown {
  const message = error instanceof Error ? error.message : "";
  if (isFull(error)) {
    return new Problem(
      "exhausted",
      "storage_full",
      `The disk that holds ${dataDir} is full, so nothing was started; everything stored is kept.`,
      `Free some space and start again: df -h '${dataDir}'`,
    );
  }
  if (isLocked(error)) {
    return new Problem(
      "busy",
      "database_locked",
      `Another program holds the lock of the database in ${dataDir}, so nothing was started or changed.`,
      `End what has it open (a backup tool, a database shell) and start again: fuser -v '${dataDir}'/malamar.sqlite*`,
    );
  }
  if (isUntrustworthy(error) || /^(EROFS|EIO)$/.test(codeOf(error))) {
    return new Problem(
      "unavailable",
      "storage_failed",
      `The disk that holds ${dataDir} does not do what it is asked (${message.startsWith(codeOf(error)) ? message : `${codeOf(error)}: ${message}`}), so nothing was started.`,
      "Look at the system's log (dmesg) and at the disk before you start again.",
    );
  }
  return error;
}
