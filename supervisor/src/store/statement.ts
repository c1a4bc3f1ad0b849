import type { Statement } from "better-sqlite3";
import type { Db } from "./open-db.ts";

const prepared = new WeakMap<Db, Map<string, Statement>>();

/** Prepares a statement once per connection, so that tables can be plain functions of a connection. */
export function statement(db: Db, sql: string): Statement {
  let ofDb = prepared.get(db);
  if (ofDb === undefined) prepared.set(db, (ofDb = new Map()));
  let found = ofDb.get(sql);
  if (found === undefined) ofDb.set(sql, (found = db.prepare(sql)));
  return found;
}
