import Database from "better-sqlite3";

export type Db = Database.Database;

/** SQLite before 3.51.3 could corrupt a database when two connections wrote and checkpointed at the same instant. */
const OLDEST_SAFE_SQLITE = [3, 51, 3];

/** Opens the one connection that writes. FULL, since a WAL database is otherwise NORMAL and loses acknowledged commits when the power goes. */
export function openWriter(file: string): Db {
  const db = new Database(file);
  refuseUnsafeSqlite(db);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  db.pragma("busy_timeout = 5000");
  tuneMemory(db);
  return db;
}

/** Opens a connection that only reads, and so sees only what is durable. The file must have been migrated. */
export function openReader(file: string): Db {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  db.pragma("busy_timeout = 5000");
  tuneMemory(db);
  return db;
}

/** Pages through mmap are exempt from what fork() copies, a page cache is not: spawning stays fast whatever the database's size. */
function tuneMemory(db: Db): void {
  db.pragma("mmap_size = 268435456");
  db.pragma("cache_size = -2000");
}

function refuseUnsafeSqlite(db: Db): void {
  const version = String(db.prepare("SELECT sqlite_version()").pluck().get());
  const parts = version.split(".").map(Number);
  for (const [index, oldest] of OLDEST_SAFE_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > oldest) return;
    if (part < oldest)
      throw new Error(`SQLite ${version} can corrupt a database under load; 3.51.3 or newer is needed. Reinstall the dependencies.`);
  }
}
