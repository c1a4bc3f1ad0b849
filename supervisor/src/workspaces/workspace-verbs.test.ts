import { beforeEach, expect, test } from "vitest";
import { eventsAfter, newestEventSeq } from "#events/event-table.ts";
import { openTestStore, type TestDeps } from "#store/open-test-store.ts";
import { createWorkspace } from "./create-workspace.ts";
import { updateWorkspace } from "./update-workspace.ts";
import { findWorkspace, markDeleting } from "./workspace-table.ts";
import { NEW_WORKSPACE, type WorkspaceSettings } from "./workspace.ts";

let deps: TestDeps;
beforeEach(() => void (deps = openTestStore()));

const create = (settings: Partial<WorkspaceSettings> = {}) => createWorkspace(deps, { ...NEW_WORKSPACE, title: "Malamar", ...settings });
const stored = (id: string) => findWorkspace(deps.store.reader, id);
const eventsSince = (seq: number) => eventsAfter(deps.store.reader, seq, 10).map(({ type, workspaceId }) => [type, workspaceId]);

test("a workspace is created with its event, and its prefix comes from the title", () => {
  const workspace = create({ title: " Malamar " });
  expect(workspace).toMatchObject({ title: "Malamar", prefix: "MAL", version: 1, deleting: false });
  expect(stored(workspace.id)).toEqual(workspace);
  expect(eventsSince(0)).toEqual([["workspace_changed", workspace.id]]);
  expect([create().prefix, create({ title: "家" }).prefix, create({ title: "庭" }).prefix]).toEqual(["MAL2", "WS", "WS2"]);
});

test("a prefix that a person chose is taken as it is or refused", () => {
  create({ prefix: "abc" });
  expect(() => create({ prefix: "ABC" })).toThrow(expect.objectContaining({ kind: "conflict", reason: "prefix_taken" }));
  expect(() => create({ prefix: "A" })).toThrow(
    expect.objectContaining({ kind: "invalid", violations: [expect.objectContaining({ field: "prefix" })] }),
  );
  expect(stored("id0000000000000000002")).toBeUndefined();
});

test("an update changes what it names, counts the version and tells of it", () => {
  const workspace = create({ limits: { timeLimit: 1, silenceWarning: 2, silenceLimit: null } });
  const before = newestEventSeq(deps.store.reader);
  deps.pass(1000);
  const changed = updateWorkspace(deps, workspace.id, { paused: true, limits: { silenceWarning: null } }, 1);
  expect(changed).toEqual({
    ...workspace,
    paused: true,
    limits: { timeLimit: 1, silenceWarning: null, silenceLimit: null },
    version: 2,
    updatedAt: workspace.updatedAt + 1000,
    lastActivityAt: workspace.lastActivityAt + 1000,
  });
  expect(stored(workspace.id)).toEqual(changed);
  expect(eventsSince(before)).toEqual([["workspace_changed", workspace.id]]);
});

test("an update that changes nothing is no change", () => {
  const workspace = create();
  const before = newestEventSeq(deps.store.reader);
  expect(updateWorkspace(deps, workspace.id, { title: " Malamar " })).toEqual(workspace);
  expect(eventsSince(before)).toEqual([]);
});

test("an update of an old version is refused and overwrites nothing", () => {
  const workspace = create();
  updateWorkspace(deps, workspace.id, { title: "Mine" });
  expect(() => updateWorkspace(deps, workspace.id, { title: "Yours" }, 1)).toThrow(
    expect.objectContaining({ kind: "conflict", reason: "version_changed" }),
  );
  expect(stored(workspace.id)?.title).toBe("Mine");
});

test("going back to temp mode lets go of the directory, and static mode without one is refused", () => {
  const { id } = create({ directoryMode: "static", directoryPath: "/srv" });
  expect(updateWorkspace(deps, id, { directoryMode: "temp" })).toMatchObject({ directoryMode: "temp", directoryPath: "" });
  expect(() => updateWorkspace(deps, id, { directoryMode: "static" })).toThrow("directoryPath: must be the absolute path");
  expect(() => updateWorkspace(deps, id, { directoryPath: "/srv" })).toThrow("directoryPath: must be empty in temp mode");
});

test("an emptied prefix is made from the title again; one that is taken is refused", () => {
  const { id } = create({ prefix: "OLD" });
  create({ prefix: "HIS" });
  expect(updateWorkspace(deps, id, { prefix: "" }).prefix).toBe("MAL");
  expect(() => updateWorkspace(deps, id, { prefix: "his" })).toThrow(expect.objectContaining({ reason: "prefix_taken" }));
});

test("a rule that came after a workspace was made does not lock its other settings", () => {
  const { id } = create();
  deps.store.transact((db) => db.prepare("UPDATE workspaces SET breaker_limit = 5000").run());
  expect(updateWorkspace(deps, id, { title: "New" })).toMatchObject({ title: "New", breakerLimit: 5000 });
});

test("a workspace that is gone or going cannot be changed", () => {
  const { id } = create();
  deps.store.transact((db) => markDeleting(db, id, 1));
  for (const each of [id, "nowhere"]) {
    expect(() => updateWorkspace(deps, each, { title: "x" })).toThrow(
      expect.objectContaining({ kind: "not_found", reason: "workspace_not_found" }),
    );
  }
});
