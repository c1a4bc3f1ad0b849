import { beforeEach, expect, test } from "vitest";
import { appendEvent, newestEventSeq, trimEvents } from "#events/event-table.ts";
import { addComment } from "#loop/add-comment.ts";
import { play, type Play } from "#loop/play.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { updateWorkspace } from "#workspaces/update-workspace.ts";
import { NEW_WORKSPACE } from "#workspaces/workspace.ts";
import { createEventFeed, type Batch, type EventFeed } from "./event-feed.ts";

let played: Play;
let feed: EventFeed;
beforeEach(() => {
  played = play();
  feed = createEventFeed(played.deps.store.reader, "installation");
});

const newest = () => newestEventSeq(played.deps.store.reader);
const rename = (title: string) => updateWorkspace(played.deps, played.workspaceId, { title });
const eventsOf = ({ message }: Batch) => (message?.message.case === "batch" ? message.message.value.events : []);
const titles = (batch: Batch) => eventsOf(batch).map(({ subject }) => (subject.case === "workspace" ? subject.value.title : subject.case));

test("whoever stands at the same place gets the same message object", () => {
  const place = newest();
  rename("New");
  const batch = feed.after(place, "", 0);
  expect(titles(batch)).toEqual(["New"]);
  expect(batch.message?.cursor).toBe(`installation.${place + 1}`);
  expect(feed.after(place, "", batch.readAt).message).toBe(batch.message);
});

test("a batch that was made before the newest event says that there is more, since nobody is woken for that again", () => {
  const place = newest();
  rename("One");
  const early = feed.after(place, "", 0);
  expect(early.more).toBe(false);
  rename("Two");
  const late = feed.after(place, "", 0);
  expect([late.message === early.message, late.more]).toEqual([true, true]);
  expect(feed.after(late.seq, "", late.readAt)).toMatchObject({ seq: newest(), more: false });
});

test("a row is encoded once per state of the database, whoever asks for it and how many events point to it", () => {
  const place = newest();
  rename("One");
  rename("Two");
  const all = eventsOf(feed.after(place, "", 0));
  const later = eventsOf(feed.after(place + 1, "", 0));
  expect(all.map((event) => event.subject.value)).toHaveLength(2);
  expect(all[0]?.subject.value).toBe(all[1]?.subject.value);
  expect(later[0]?.subject.value).toBe(all[0]?.subject.value);
});

test("a stream that saw a newer row is never given an older one", () => {
  const place = newest();
  rename("One");
  const old = feed.after(place, "", 0);
  rename("Two");
  // Another stream replays from further back and sees the newest title at an older event.
  const replay = feed.after(place - 1, "", 0);
  expect(titles(replay).at(-1)).toBe("Two");
  expect(titles(feed.after(place, "", replay.readAt))).toEqual(["Two", "Two"]);
  expect(feed.after(place, "", old.readAt).message).not.toBe(old.message);
});

test("only events of the wanted workspace come, those of no workspace too, and the place moves over the others", () => {
  const other = createWorkspace(played.deps, { ...NEW_WORKSPACE, title: "Other" });
  const place = newest();
  rename("Mine");
  played.deps.store.transact((db) => appendEvent(db, { type: "system_changed", subjectId: "demo" }, 1));
  expect(titles(feed.after(place, played.workspaceId, 0))).toEqual(["Mine", undefined]);
  const batch = feed.after(place, other.id, 0);
  expect(titles(batch)).toEqual([undefined]);
  rename("Mine again");
  expect(feed.after(batch.seq, other.id, 0)).toMatchObject({ message: undefined, seq: newest(), more: false });
});

test("a batch holds at most 500 events and says that there are more", () => {
  const place = newest();
  played.deps.store.transact((db) => {
    for (let i = 0; i < 501; i++) appendEvent(db, { type: "system_changed" }, 1);
  });
  const batch = feed.after(place, "", 0);
  expect([eventsOf(batch).length, batch.more]).toEqual([500, true]);
  expect(feed.after(batch.seq, "", 0)).toMatchObject({ seq: newest(), more: false });
});

test("a batch stays small enough for every client, however long the texts are", () => {
  const { id } = played.task();
  const place = newest();
  for (let i = 0; i < 5; i++) addComment(played.deps, { taskId: id, content: `${i}${"x".repeat(400_000)}` });
  const sizes: number[] = [];
  const seen: string[] = [];
  for (let seq = place, more = true; more;) {
    const batch = feed.after(seq, "", 0);
    const texts = eventsOf(batch).flatMap(({ subject }) => (subject.case === "comment" ? [subject.value.content] : []));
    seen.push(...texts.map((text) => text.slice(0, 1)));
    sizes.push(texts.join("").length);
    ({ seq, more } = batch);
  }
  expect(Math.max(...sizes)).toBeLessThan(1_100_000);
  expect(seen).toEqual(["0", "1", "2", "3", "4"]);
});

test("what an event points to is missing when it is gone", () => {
  const { id } = played.task();
  const place = newest();
  const comment = addComment(played.deps, { taskId: id, content: "Hello" });
  expect(eventsOf(feed.after(place, "", 0)).map((event) => event.subject.case)).toContain("comment");
  played.deps.store.transact((db) => {
    db.prepare("DELETE FROM comments").run();
    appendEvent(db, { type: "task_deleted", taskId: id }, 1);
  });
  const events = eventsOf(feed.after(place, "", newest()));
  expect(events.find((event) => event.subjectId === comment.id)?.subject.case).toBeUndefined();
  expect(events.at(-1)?.subject.case).toBeUndefined();
});

test("a place is good from before the oldest event that is kept up to now", () => {
  rename("x");
  const now = newest();
  expect([feed.continues(0), feed.continues(now), feed.continues(now + 1)]).toEqual([true, true, false]);
  played.deps.store.transact((db) => void db.prepare("DELETE FROM events WHERE seq < ?").run(now));
  expect([feed.continues(now - 2), feed.continues(now - 1), feed.continues(now)]).toEqual([false, true, true]);
  played.deps.store.transact((db) => trimEvents(db, Number.MAX_SAFE_INTEGER, 1000));
  expect([feed.continues(now - 1), feed.continues(now), feed.continues(now + 1)]).toEqual([false, true, false]);
});
