import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { EventType, type WatchEventsResponse } from "@malamar/proto/malamar/v1/event_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { skip } from "#loop/play.ts";
import { createTask } from "#tasks/create-task.ts";
import { updateWorkspace } from "#workspaces/update-workspace.ts";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
const leaving = new Set<AbortController>();
beforeEach(() => void (api = openTestApi({ eventTimes: { heartbeat: 60_000, gap: 10 } })));
afterEach(() => {
  for (const each of leaving) each.abort();
  leaving.clear();
});

/** A client that reads one message at a time. */
function watch(request: { cursor?: string; workspaceId?: string } = {}, on: TestApi = api) {
  const leave = new AbortController();
  leaving.add(leave);
  const messages = on.events.watchEvents(request, { signal: leave.signal })[Symbol.asyncIterator]();
  return {
    async next(): Promise<WatchEventsResponse> {
      const { value, done } = await messages.next();
      if (done === true) throw new Error("The stream ended.");
      return value;
    },
    ended: async () => (await messages.next()).done,
    leave: () => leave.abort(),
  };
}

const eventsOf = ({ message }: WatchEventsResponse) => (message.case === "batch" ? message.value.events : []);
const rename = (title: string, on: TestApi = api) => updateWorkspace(on.play.deps, on.play.workspaceId, { title });
const titlesOf = (response: WatchEventsResponse) =>
  eventsOf(response).map(({ subject }) => (subject.case === "workspace" ? subject.value.title : undefined));

test("the first message comes at once, with the cursor to start from", async () => {
  const first = await watch().next();
  expect(first.message.case).toBe("heartbeat");
  expect(first.cursor).toMatch(/^installation\.\d+$/);
});

test("a change comes as soon as it is durable, with the present row", async () => {
  const stream = watch();
  const { cursor } = await stream.next();
  rename("New");
  const batch = await stream.next();
  expect(eventsOf(batch)).toMatchObject([
    { type: EventType.WORKSPACE_CHANGED, workspaceId: api.play.workspaceId, subject: { case: "workspace", value: { title: "New" } } },
  ]);
  expect(eventsOf(batch)[0]?.time).toBeDefined();
  expect(batch.cursor).not.toBe(cursor);
});

test("an undone transaction is never heard of", async () => {
  const stream = watch();
  await stream.next();
  const undone = () =>
    api.play.deps.store.transact(() => {
      rename("Undone");
      throw new Error("no");
    });
  expect(undone).toThrow("no");
  rename("Done");
  expect(titlesOf(await stream.next())).toEqual(["Done"]);
});

test("whoever comes back with a cursor gets everything since, in order and without a gap", async () => {
  const stream = watch();
  const { cursor } = await stream.next();
  stream.leave();
  const task = api.play.task();
  while (api.play.turn(skip) !== undefined);
  const back = await watch({ cursor }).next();
  const sequences = eventsOf(back).map((event) => Number(event.sequence));
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
  expect(`installation.${(sequences[0] ?? 0) - 1}`).toBe(cursor);
  const ofTask = eventsOf(back).filter((event) => event.taskId === task.id);
  expect(new Set(ofTask.map((event) => event.type))).toEqual(new Set([EventType.TASK_CHANGED, EventType.EXECUTION_CHANGED]));
});

test("an event tells of each kind of thing with its row", async () => {
  const stream = watch();
  await stream.next();
  const { workspaceId } = api.play;
  const { task } = await api.tasks.createTask({ workspaceId, summary: "x" });
  await api.tasks.createComment({ taskId: task?.id ?? "", content: "Hello" });
  await api.agents.createAgent({ workspaceId, name: "New", cli: "demo" });
  api.play.start();
  const kinds = new Set<string | undefined>();
  while (kinds.size < 4) for (const event of eventsOf(await stream.next())) kinds.add(event.subject.case);
  expect(kinds).toEqual(new Set(["task", "comment", "agent", "execution"]));
});

test.each([
  ["of another installation", "elsewhere.1"],
  ["ahead of the present", "installation.99999"],
  ["that is no cursor", "what"],
  ["that is too long", `installation.${"9".repeat(30)}`],
])("a cursor %s leads to a resync with a cursor that works", async (_, cursor) => {
  const stream = watch({ cursor });
  const first = await stream.next();
  expect(first.message.case).toBe("resync");
  rename("New");
  expect(titlesOf(await stream.next())).toEqual(["New"]);
  expect(titlesOf(await watch({ cursor: first.cursor }).next())).toEqual(["New"]);
});

test("a cursor older than what is kept leads to a resync", async () => {
  const { cursor } = await watch().next();
  rename("One");
  rename("Two");
  api.play.deps.store.transact((db) => void db.prepare("DELETE FROM events WHERE seq <= (SELECT max(seq) - 1 FROM events)").run());
  expect((await watch({ cursor }).next()).message.case).toBe("resync");
});

test("a workspace's stream leaves the others out and its cursor goes on over them", async () => {
  const quick = openTestApi({ eventTimes: { heartbeat: 40, gap: 1 } });
  const other = (await quick.workspaces.createWorkspace({ title: "Other" })).workspace?.id ?? "";
  const stream = watch({ workspaceId: other }, quick);
  const { cursor } = await stream.next();
  rename("Not yours", quick);
  const heartbeat = await stream.next();
  expect(heartbeat.message.case).toBe("heartbeat");
  expect(heartbeat.cursor).not.toBe(cursor);
  await quick.workspaces.updateWorkspace({ workspace: { id: other, title: "Yours" }, updateMask: { paths: ["title"] } });
  expect(titlesOf(await stream.next())).toEqual(["Yours"]);
  expect(await refusal(watch({ workspaceId: "x" }, quick).next())).toMatchObject({ code: "InvalidArgument", fields: ["workspaceId"] });
});

test("silence is broken by heartbeats, also while only others make noise", async () => {
  const quick = openTestApi({ eventTimes: { heartbeat: 40, gap: 1 } });
  const other = (await quick.workspaces.createWorkspace({ title: "Other" })).workspace?.id ?? "";
  const [quiet, filtered] = [watch({}, quick), watch({ workspaceId: other }, quick)];
  for (const stream of [quiet, filtered]) expect((await stream.next()).message.case).toBe("heartbeat");
  expect((await quiet.next()).message.case).toBe("heartbeat");
  const noise = setInterval(() => rename(String(Math.random()), quick), 5);
  const kinds = [await filtered.next(), await filtered.next()].map((response) => response.message.case);
  clearInterval(noise);
  expect(kinds).toEqual(["heartbeat", "heartbeat"]);
});

test("a burst of commits becomes few messages and loses nothing", async () => {
  const slow = openTestApi({ eventTimes: { heartbeat: 60_000, gap: 50 } });
  const stream = watch({}, slow);
  await stream.next();
  for (let i = 0; i < 30; i++) {
    rename(`Title ${i}`, slow);
    await slow.play.deps.store.durable();
  }
  let events = 0;
  let messages = 0;
  for (; events < 30; messages++) events += eventsOf(await stream.next()).length;
  expect(events).toBe(30);
  expect(messages).toBeLessThan(5);
});

test("every change reaches every one of many subscribers, once and in order, the slow ones too", async () => {
  const { deps, workspaceId } = api.play;
  const streams = Array.from({ length: 20 }, () => watch());
  await Promise.all(streams.map((stream) => stream.next()));
  const readers = streams.map(async (stream, index) => {
    const seen: string[] = [];
    while (seen.length < 50) {
      for (const { subject } of eventsOf(await stream.next())) if (subject.case === "task") seen.push(subject.value.key);
      if (index % 5 === 0) await sleep(3);
    }
    return seen;
  });
  for (let i = 0; i < 50; i++) {
    createTask(deps, { workspaceId, summary: `Task ${i}`, description: "", kind: "work", priority: "normal", hold: "none" });
    if (i % 7 === 0) await sleep(1);
  }
  const expected = Array.from({ length: 50 }, (_, index) => `MAL-${index + 1}`);
  for (const seen of await Promise.all(readers)) expect(seen).toEqual(expected);
});

test("a stream ends when the server closes", async () => {
  const stream = watch();
  await stream.next();
  const ended = stream.ended().catch((error: unknown) => ConnectError.from(error).code);
  api.shutdown();
  expect([true, Code.Canceled, Code.Unavailable, Code.Aborted]).toContain(await ended);
  expect(api.bugs).toEqual([]);
});

test("a client that leaves leaves nothing behind that fails", async () => {
  const stream = watch();
  await stream.next();
  const gone = stream.next().catch((error: unknown) => ConnectError.from(error).code);
  stream.leave();
  expect(await gone).toBe(Code.Canceled);
  rename("New");
  await sleep(20);
  expect(api.bugs).toEqual([]);
});
