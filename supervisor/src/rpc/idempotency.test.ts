import { beforeEach, expect, test } from "vitest";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
beforeEach(() => void (api = openTestApi()));

const create = (title: string, idempotencyKey: string) => api.workspaces.createWorkspace({ title, idempotencyKey });
const id = async (call: ReturnType<typeof create>) => (await call).workspace?.id;

test("the same key gives the same workspace back, also when both calls are under way at once", async () => {
  const [first, second] = await Promise.all([id(create("Home", "k")), id(create("Home", "k"))]);
  expect(second).toBe(first);
  expect(await id(create("Home", "k"))).toBe(first);
  expect((await api.workspaces.listWorkspaces({})).workspaces).toHaveLength(2);
});

test("what is given back is the present state, not the first answer", async () => {
  const first = (await create("Home", "k")).workspace;
  await api.workspaces.updateWorkspace({ workspace: { id: first?.id ?? "", paused: true }, updateMask: { paths: ["paused"] } });
  expect((await create("Home", "k")).workspace).toMatchObject({ id: first?.id, paused: true });
});

test("without a key every call creates", async () => {
  expect(await id(create("Home", ""))).not.toBe(await id(create("Home", "")));
});

test("the key of another request is a conflict", async () => {
  await create("Home", "k");
  expect(await refusal(create("Other", "k"))).toMatchObject({
    code: "AlreadyExists",
    reason: "idempotency_key_reused",
    fields: ["idempotencyKey"],
  });
});

test("a key belongs to its method", async () => {
  await create("Home", "k");
  const { task } = await api.tasks.createTask({ workspaceId: api.play.workspaceId, summary: "x", idempotencyKey: "k" });
  expect(task?.summary).toBe("x");
});

test("a refused call does not use its key up", async () => {
  expect(await refusal(create("", "k"))).toMatchObject({ fields: ["title"] });
  expect(await id(create("Home", "k"))).toBeDefined();
});

test("a key is forgotten after a day", async () => {
  const first = await id(create("Home", "k"));
  api.play.deps.pass(24 * 3_600_000 + 1);
  expect(await id(create("Home", "k"))).not.toBe(first);
});

test("tasks, comments and agents have keys too", async () => {
  const { workspaceId } = api.play;
  const task = async () => (await api.tasks.createTask({ workspaceId, summary: "x", idempotencyKey: "t" })).task?.id ?? "";
  const taskId = await task();
  expect(await task()).toBe(taskId);
  const comment = async () => (await api.tasks.createComment({ taskId, content: "Hello", idempotencyKey: "c" })).comment?.id;
  expect(await comment()).toBe(await comment());
  const agent = async () => (await api.agents.createAgent({ workspaceId, name: "New", cli: "demo", idempotencyKey: "a" })).agent?.id;
  expect(await agent()).toBe(await agent());
  expect((await api.tasks.listComments({ taskId })).comments).toHaveLength(1);
});

test("a key has to be a short line", async () => {
  expect(await refusal(create("Home", "k".repeat(256)))).toMatchObject({ fields: ["idempotencyKey"] });
});
