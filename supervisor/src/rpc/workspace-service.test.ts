import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { DirectoryMode, QueueOrder, TimeLimitsSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import { beforeEach, expect, test } from "vitest";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
beforeEach(() => void (api = openTestApi()));

async function created(title = "Home", more = {}) {
  const { workspace } = await api.workspaces.createWorkspace({ title, ...more });
  if (workspace === undefined) throw new Error("The response holds no workspace.");
  return workspace;
}

test("a workspace is created with sensible defaults and read back the same", async () => {
  const workspace = await created();
  expect(workspace).toMatchObject({
    title: "Home",
    prefix: "HOM",
    directoryMode: DirectoryMode.TEMP,
    queueOrder: QueueOrder.LIFO,
    breakerLimit: 5,
    version: 1n,
  });
  expect(workspace.limits).toEqual(create(TimeLimitsSchema));
  expect(workspace.createdAt && timestampMs(workspace.createdAt)).toBe(api.play.deps.now());
  expect((await api.workspaces.getWorkspace({ id: workspace.id })).workspace).toEqual(workspace);
});

test("every field that is given arrives", async () => {
  const workspace = await created("Home", {
    description: "Be kind.",
    prefix: "kin",
    directoryMode: DirectoryMode.STATIC,
    directoryPath: "/srv",
    queueOrder: QueueOrder.FIFO,
    breakerLimit: 0,
    limits: { timeLimit: durationFromMs(0), silenceWarning: durationFromMs(1500) },
  });
  expect(workspace).toMatchObject({
    description: "Be kind.",
    prefix: "KIN",
    directoryMode: DirectoryMode.STATIC,
    directoryPath: "/srv",
    queueOrder: QueueOrder.FIFO,
    breakerLimit: 0,
  });
  expect(workspace.limits).toEqual(create(TimeLimitsSchema, { timeLimit: durationFromMs(0), silenceWarning: durationFromMs(1500) }));
});

test("all broken fields are named at once, with the code for invalid arguments", async () => {
  const said = await refusal(api.workspaces.createWorkspace({ title: "", prefix: "-", breakerLimit: 5000 }));
  expect(said).toMatchObject({
    code: "InvalidArgument",
    kind: "invalid",
    reason: "invalid_fields",
    fields: ["title", "prefix", "breakerLimit"],
  });
  expect(said.message).toMatch(/^Nothing was changed: title: must not be empty/);
});

test("a value of an enum that nobody knows is refused and not taken for the first one", async () => {
  const said = await refusal(api.workspaces.createWorkspace({ title: "x", queueOrder: 9 as QueueOrder }));
  expect(said).toMatchObject({ fields: ["queueOrder"] });
  expect(said.message).toContain("has the unknown value 9; known are lifo, fifo");
});

test.each([
  ["", "InvalidArgument", "must be given"],
  ["MAL", "InvalidArgument", "must be an id of 21 letters and digits"],
  ["a".repeat(21), "NotFound", "There is no workspace"],
])("the id %j is refused with %s", async (id, code, words) => {
  const said = await refusal(api.workspaces.getWorkspace({ id }));
  expect(said.code).toBe(code);
  expect(said.message).toContain(words);
});

test("pages lead through all workspaces, the most recently active first", async () => {
  for (const title of ["A", "B", "C", "D"]) {
    api.play.deps.pass(1);
    await created(title);
  }
  const titles: string[] = [];
  for (let pageToken = "", pages = 0; pages === 0 || pageToken !== ""; pages++) {
    const page = await api.workspaces.listWorkspaces({ pageSize: 2, pageToken });
    titles.push(...page.workspaces.map((workspace) => workspace.title));
    pageToken = page.nextPageToken;
  }
  expect(titles).toEqual(["D", "C", "B", "A", "Malamar"]);
  expect((await api.workspaces.listWorkspaces({ pageSize: 5 })).nextPageToken).toBe("");
  expect(await refusal(api.workspaces.listWorkspaces({ pageSize: 201 }))).toMatchObject({ fields: ["pageSize"] });
  expect(await refusal(api.workspaces.listWorkspaces({ pageToken: "zzz" }))).toMatchObject({ fields: ["pageToken"] });
});

test("an update changes what the mask names and nothing else", async () => {
  const before = await created("Home", { limits: { timeLimit: durationFromMs(1), silenceLimit: durationFromMs(2) } });
  const { workspace } = await api.workspaces.updateWorkspace({
    workspace: { id: before.id, title: "New", paused: true, limits: { timeLimit: durationFromMs(9) } },
    updateMask: { paths: ["paused", "limits.silence_limit"] },
    expectedVersion: 1n,
  });
  expect(workspace).toMatchObject({ title: "Home", paused: true, version: 2n });
  expect(workspace?.limits).toEqual(create(TimeLimitsSchema, { timeLimit: durationFromMs(1) }));
});

test.each<[string, object]>([
  ["title", { title: "New" }],
  ["description", { description: "New" }],
  ["prefix", { prefix: "NEW" }],
  ["directory_mode", { directoryMode: DirectoryMode.TEMP, directoryPath: "" }],
  ["directory_path", { directoryPath: "/new" }],
  ["queue_order", { queueOrder: QueueOrder.FIFO }],
  ["breaker_limit", { breakerLimit: 1 }],
  ["paused", { paused: true }],
  ["limits", { limits: { timeLimit: durationFromMs(7) } }],
])("the mask may name %s", async (path, change) => {
  const { id } = await created("Home", { directoryMode: DirectoryMode.STATIC, directoryPath: "/srv" });
  const { workspace } = await api.workspaces.updateWorkspace({ workspace: { id, ...change }, updateMask: { paths: [path] } });
  expect(workspace).toMatchObject({ ...change, version: 2n });
});

test.each([
  [["titel"], "updateMask", "cannot contain titel; known are title, description, prefix, directoryMode"],
  [["task_counts"], "updateMask", "cannot contain taskCounts"],
  [["version", "id"], "updateMask", "cannot contain version"],
  [["*"], "updateMask", "cannot contain *"],
  [[], "updateMask", "must name the fields to change"],
  [["title"], "workspace.title", "must not be empty"],
  [["directory_mode"], "workspace.directoryMode", "must be given: one of temp, static"],
])("an update with the mask %j is refused", async (paths, field, words) => {
  const { id } = await created();
  const said = await refusal(api.workspaces.updateWorkspace({ workspace: { id }, updateMask: { paths } }));
  expect(said.fields[0]).toBe(field);
  expect(said.message).toContain(words);
  expect((await api.workspaces.getWorkspace({ id })).workspace?.version).toBe(1n);
});

test("an update without a workspace in it is refused", async () => {
  expect(await refusal(api.workspaces.updateWorkspace({ updateMask: { paths: ["title"] } }))).toMatchObject({ fields: ["workspace"] });
});

test("somebody else's change is not overwritten: the call is aborted and may be repeated", async () => {
  const { id } = await created();
  const update = (title: string) =>
    api.workspaces.updateWorkspace({ workspace: { id, title }, updateMask: { paths: ["title"] }, expectedVersion: 1n });
  await update("Mine");
  expect(await refusal(update("Yours"))).toMatchObject({ code: "Aborted", kind: "conflict", reason: "version_changed" });
});

test("a prefix that is taken exists already, and the field is named by its path in the request", async () => {
  const { id } = await created();
  expect(await refusal(api.workspaces.createWorkspace({ title: "x", prefix: "MAL" }))).toMatchObject({
    code: "AlreadyExists",
    reason: "prefix_taken",
    fields: ["prefix"],
  });
  const update = api.workspaces.updateWorkspace({ workspace: { id, prefix: "MAL" }, updateMask: { paths: ["prefix"] } });
  expect(await refusal(update)).toMatchObject({ code: "AlreadyExists", fields: ["workspace.prefix"] });
});

test("a workspace without a live execution is deleted at once, with everything in it", async () => {
  const { workspaceId } = api.play;
  const { id } = api.play.task();
  expect((await api.workspaces.deleteWorkspace({ id: workspaceId })).deleted).toBe(true);
  expect(await refusal(api.workspaces.getWorkspace({ id: workspaceId }))).toMatchObject({ code: "NotFound" });
  expect(await refusal(api.tasks.getTask({ id }))).toMatchObject({ code: "NotFound", reason: "task_not_found" });
});

test("a workspace in which something runs is deleted when that is proven dead", async () => {
  api.play.task();
  api.play.start();
  expect((await api.workspaces.deleteWorkspace({ id: api.play.workspaceId })).deleted).toBe(false);
  expect((await api.workspaces.getWorkspace({ id: api.play.workspaceId })).workspace).toBeDefined();
});

test("the counts by status are there", async () => {
  api.play.task();
  const { workspace } = await api.workspaces.getWorkspace({ id: api.play.workspaceId });
  expect(workspace?.taskCounts).toMatchObject({ todo: 1, inProgress: 0, inReview: 0, done: 0 });
});
