import { expect, test } from "vitest";
import { explainStorage, isFull, isUntrustworthy } from "./storage-failure.ts";

const error = (code: string) => Object.assign(new Error("as the system says it"), { code });

test.each([
  ["SQLITE_IOERR_FSYNC", "storage_failed"],
  ["SQLITE_IOERR_READ", "storage_failed"],
  ["SQLITE_CORRUPT_VTAB", "storage_failed"],
  ["SQLITE_NOTADB", "storage_failed"],
  ["SQLITE_READONLY_DIRECTORY", "storage_failed"],
  ["SQLITE_FULL", "storage_full"],
  ["SQLITE_IOERR_SHMSIZE", "storage_full"],
  ["ENOSPC", "storage_full"],
  ["EDQUOT", "storage_full"],
  ["SQLITE_BUSY_RECOVERY", "database_locked"],
])("%s is %s, and words say what to do", (code, reason) => {
  expect(explainStorage(error(code), "/data")).toMatchObject({ reason, message: expect.stringContaining("/data") as string });
  expect([isUntrustworthy(error(code)), isFull(error(code))]).toEqual([reason === "storage_failed", reason === "storage_full"]);
});

test.each(["EROFS", "EIO"])("%s at a start is told in words, too", (code) => {
  expect(explainStorage(error(code), "/data")).toMatchObject({ reason: "storage_failed" });
});

test.each([[error("SQLITE_CONSTRAINT")], [error("ENOENT")], [new Error("a bug")], [undefined], ["text"]])(
  "%s is nothing of the kind",
  (other) => {
    expect(explainStorage(other, "/data")).toBe(other);
    expect([isUntrustworthy(other), isFull(other)]).toEqual([false, false]);
  },
);
