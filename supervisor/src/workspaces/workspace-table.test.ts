import { expect, test } from "vitest";
import { openTestStore } from "#store/open-test-store.ts";
import {
  findWorkspace,
  insertWorkspace,
  listWorkspaces,
  markDeleting,
  moveCount,
  nextFence,
  nextTaskNumber,
  prefixTaken,
  removeWorkspace,
  saveWorkspace,
  setLastTask,
  touchWorkspace,
} from "./workspace-table.ts";
import type { Workspace } from "./workspace.ts";

const some = (id: string, lastActivityAt = 5): Workspace => ({
  id,
  title: `Title of ${id}`,
  description: "Be kind.",
  prefix: id.toUpperCase(),
  directoryMode: "static",
  directoryPath: "/srv/work",
  queueOrder: "fifo",
  breakerLimit: 7,
  paused: true,
  limits: { timeLimit: 1, silenceWarning: null, silenceLimit: 0 },
  deleting: false,
  lastTaskId: "",
  counts: { todo: 0, in_progress: 0, in_review: 0, done: 0 },
  version: 1,
  createdAt: 3,
  updatedAt: 4,
  lastActivityAt,
});

const inTransaction = <T>(work: (db: ReturnType<typeof openTestStore>["store"]["reader"]) => T): T => openTestStore().store.transact(work);

test("a workspace is read as it was written", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a"));
    expect(findWorkspace(db, "a")).toEqual(some("a"));
    expect(findWorkspace(db, "b")).toBeUndefined();
  });
});

test("saving keeps counters and the mark of deletion, whatever the given noun says", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a"));
    moveCount(db, "a", null, "todo");
    moveCount(db, "a", null, "todo");
    moveCount(db, "a", "todo", "in_progress");
    moveCount(db, "a", "in_progress", "in_review");
    moveCount(db, "a", "in_review", "done");
    moveCount(db, "a", "done", "done");
    markDeleting(db, "a", 9);
    setLastTask(db, "a", "task");
    saveWorkspace(db, { ...some("a"), title: "New", version: 3 });
    expect(findWorkspace(db, "a")).toEqual({
      ...some("a"),
      title: "New",
      version: 3,
      deleting: true,
      lastTaskId: "task",
      counts: { todo: 1, in_progress: 0, in_review: 0, done: 1 },
    });
    moveCount(db, "a", "done", null);
    setLastTask(db, "a", "");
    expect(findWorkspace(db, "a")).toMatchObject({ lastTaskId: "", counts: { todo: 1, done: 0 } });
  });
});

test("task numbers and fences grow by one, each on its own, and a workspace that is gone has none", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a"));
    expect([nextTaskNumber(db, "a"), nextTaskNumber(db, "a"), nextFence(db, "a"), nextFence(db, "a")]).toEqual([1, 2, 1, 2]);
    removeWorkspace(db, "a");
    expect(() => nextFence(db, "a")).toThrow("no row");
  });
});

test("activity moves forward only and leaves the version", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a", 5));
    touchWorkspace(db, "a", 8);
    touchWorkspace(db, "a", 7);
    expect(findWorkspace(db, "a")).toMatchObject({ lastActivityAt: 8, version: 1 });
  });
});

test("pages follow each other without a gap, also between workspaces of the same instant", () => {
  inTransaction((db) => {
    for (const [id, at] of [
      ["a", 5],
      ["b", 9],
      ["c", 5],
      ["d", 5],
      ["e", 1],
    ] as const)
      insertWorkspace(db, some(id, at));
    const seen: string[] = [];
    for (let page = listWorkspaces(db, { limit: 2 }); page.length > 0; page = listWorkspaces(db, { limit: 2, before: page.at(-1)! })) {
      seen.push(...page.map((workspace) => workspace.id));
    }
    expect(seen).toEqual(["b", "a", "c", "d", "e"]);
  });
});

test("a prefix is taken by others, not by its owner", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a"));
    expect([prefixTaken(db, "A", "b"), prefixTaken(db, "A", "a"), prefixTaken(db, "B", "b")]).toEqual([true, false, false]);
  });
});

test("a word this program does not know is refused, not shown as another one", () => {
  inTransaction((db) => {
    insertWorkspace(db, some("a"));
    db.pragma("ignore_check_constraints = 1");
    db.exec("UPDATE workspaces SET directory_mode = 'cloud'");
    expect(() => findWorkspace(db, "a")).toThrow('workspaces.directory_mode holds "cloud"');
  });
});
