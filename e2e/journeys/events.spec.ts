import { type Event, EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { createTeam, reachesReview, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { watch } from "../watching.ts";

const server = useMalamar();

/** One connection, without the client that reconnects. */
async function take(cursor: string, wait: "none" | "batch"): Promise<{ events: Event[]; cursor: string }> {
  const abort = new AbortController();
  const events: Event[] = [];
  let last = cursor;
  try {
    for await (const { message, cursor: at } of server.api.events.watchEvents({ cursor }, { signal: abort.signal })) {
      last = at;
      if (message.case === "batch") events.push(...message.value.events);
      // What is left may be fewer than asked for, so any batch is good enough.
      if (events.length > 0 || wait === "none") break;
    }
  } finally {
    abort.abort();
  }
  return { events, cursor: last };
}

test("the first message comes at once and carries the cursor from which nothing is missed", async () => {
  const { cursor } = await take("", "none");
  const { workspace } = await server.api.workspaces.createWorkspace({ title: "After the cursor" });
  const { events } = await take(cursor, "batch");
  expect(events[0]).toMatchObject({ type: EventType.WORKSPACE_CHANGED, workspaceId: workspace?.id });
  expect(events[0]?.subject).toMatchObject({ case: "workspace", value: { title: "After the cursor" } });
});

test("a client that comes back again and again with its cursor gets every event once and in order", async () => {
  const whole = await watch(server);
  const start = (await take("", "none")).cursor;
  const teams = await Promise.all([1, 2, 3].map(() => createTeam(server, { A: ["comment a"], B: ["comment b"] })));
  const work = async () => {
    const busy = teams.map(async (team) => {
      const { id } = await team.task();
      for (let i = 0; i < 5; i++) await say(server, id, `Comment ${i}`);
      await reachesReview(server, id);
    });
    await Promise.all(busy);
    const { workspace } = await server.api.workspaces.createWorkspace({ title: "The end" });
    return workspace?.id;
  };
  const end = work();
  const pieces: Event[] = [];
  let cursor = start;
  const isMarker = ({ subject }: Event) => subject.case === "workspace" && subject.value.title === "The end";
  while (!pieces.some(isMarker)) {
    const piece = await take(cursor, "batch");
    pieces.push(...piece.events);
    cursor = piece.cursor;
  }
  await end;
  await whole.sees("the end", isMarker);
  whole.stop();
  const sequences = (events: Event[]) => events.map(({ sequence }) => sequence);
  expect(sequences(pieces)).toEqual(sequences(whole.events));
  expect(new Set(sequences(pieces)).size).toBe(pieces.length);
  expect(pieces.length).toBeGreaterThan(60);
});

test("a workspace's stream tells that workspace's events only", async () => {
  const [one, two] = await Promise.all([createTeam(server, { A: [] }), createTeam(server, { A: [] })]);
  const seen = await watch(server, { workspaceId: one.workspace.id });
  const other = await two.task();
  await reachesReview(server, other.id);
  const own = await one.task();
  await reachesReview(server, own.id);
  await seen.sees("its task is in review", ({ subject }) => subject.case === "task" && subject.value.status === TaskStatus.IN_REVIEW);
  seen.stop();
  expect(new Set(seen.events.map(({ workspaceId }) => workspaceId))).toEqual(new Set([one.workspace.id]));
});

test.each(["garbage", "AAAA", Buffer.from('{"seq":999999999}').toString("base64url")])(
  "the foreign cursor %s is answered with a resync, and what follows goes on",
  async (cursor) => {
    const seen = await watch(server, { cursor });
    await eventually("the client is told to read everything again", () => seen.resyncs() === 1);
    await server.api.workspaces.createWorkspace({ title: "Told" });
    await seen.sees("the workspace was created", ({ subject }) => subject.case === "workspace" && subject.value.title === "Told");
    seen.stop();
  },
);

test("a cursor of another installation is answered with a resync", async () => {
  const { startMalamar } = await import("../start-malamar.ts");
  const other = await startMalamar();
  const foreign = await watch(other);
  foreign.stop();
  const seen = await watch(server, { cursor: foreign.cursor() });
  await eventually("the client is told to read everything again", () => seen.resyncs() === 1);
  seen.stop();
  await other.end();
});

test("an event carries the present state; of what is gone, only the pointer", async () => {
  const { cursor } = await take("", "none");
  const team = await createTeam(server, { Worker: [] });
  const { id } = await team.task("Will be gone");
  await reachesReview(server, id);
  await server.api.tasks.deleteTask({ id });
  const seen = await watch(server, { cursor, workspaceId: team.workspace.id });
  const gone = await seen.sees("the task is gone", ({ type }) => type === EventType.TASK_DELETED);
  seen.stop();
  expect(gone).toMatchObject({ taskId: id, subject: { case: undefined } });
  expect(seen.events.filter(({ type }) => type === EventType.TASK_CHANGED).every(({ subject }) => subject.case === undefined)).toBe(true);
});

test("a stream that has nothing to say beats every 15 seconds", { timeout: 40_000 }, async () => {
  const since = performance.now();
  const beats: number[] = [];
  const abort = new AbortController();
  for await (const { message } of server.api.events.watchEvents({}, { signal: abort.signal })) {
    if (message.case === "heartbeat") beats.push(performance.now() - since);
    if (beats.length === 2) break;
  }
  abort.abort();
  expect(beats[0]).toBeLessThan(2_000);
  expect(beats[1]).toBeGreaterThan(13_000);
  expect(beats[1]).toBeLessThan(20_000);
});
