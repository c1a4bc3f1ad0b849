import { createRouterTransport, type Interceptor } from "@connectrpc/connect";
import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { createMalamar } from "@malamar/sdk";
import type { Problem } from "@malamar/sdk/problem";
import { afterEach, expect, test, vi } from "vitest";
import { MemoryMalamar } from "../../../fixtures/memory-malamar.ts";
import { memoryRoutes } from "../../../fixtures/memory-routes.ts";
import { Feed, type Follower } from "./feed.svelte.ts";

const opened: Feed[] = [];
afterEach(() => opened.splice(0).forEach((feed) => feed.close()));

function house() {
  const malamar = new MemoryMalamar();
  const workspace = malamar.addWorkspace({ title: "Shop" });
  const calls: string[] = [];
  const note: Interceptor = (next) => (request) => {
    calls.push(request.method.name);
    return next(request);
  };
  const api = createMalamar({ transport: createRouterTransport(memoryRoutes(malamar), { transport: { interceptors: [note] } }) });
  const feed = new Feed(api.events);
  opened.push(feed);
  return { malamar, workspace, feed, calls };
}

/** Writes down what it is told; a load lasts until it is let go. */
class Scribe implements Follower {
  said: string[] = [];
  problem: Problem | undefined;
  letGo: () => void = () => {};

  load(): Promise<void> {
    this.said.push("load");
    return new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  apply(events: readonly Event[]): void {
    for (const event of events) this.said.push(event.subject.case === "task" ? event.subject.value.summary : "other");
  }
}

async function following(feed: Feed): Promise<Scribe> {
  const scribe = new Scribe();
  feed.follow(scribe);
  feed.open();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load"]));
  scribe.letGo();
  await vi.waitFor(() => expect(feed.status).toBe("live"));
  return scribe;
}

test("a follower reads nothing before the stream runs, so that nothing can fall between the two", async () => {
  const { feed } = house();
  const scribe = new Scribe();
  feed.follow(scribe);
  expect(scribe.said).toEqual([]);
  feed.open();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load"]));
});

test("what happens while a follower reads is applied on top of what it read", async () => {
  const { feed, malamar, workspace } = house();
  const scribe = new Scribe();
  feed.follow(scribe);
  feed.open();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load"]));
  malamar.addTask({ workspaceId: workspace.id, summary: "Meanwhile" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(scribe.said).toEqual(["load"]);
  scribe.letGo();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "Meanwhile"]));
});

test("a follower that comes later reads at once, one that left hears nothing more", async () => {
  const { feed, malamar, workspace } = house();
  const first = await following(feed);
  const late = new Scribe();
  const leave = feed.follow(late);
  expect(late.said).toEqual(["load"]);
  late.letGo();
  leave();
  malamar.addTask({ workspaceId: workspace.id, summary: "After it left" });
  await vi.waitFor(() => expect(first.said).toEqual(["load", "After it left"]));
  expect(late.said).toEqual(["load"]);
});

test("a broken connection is taken up after the last event, and nothing is read again or told twice", async () => {
  const { feed, malamar, workspace } = house();
  const scribe = await following(feed);
  malamar.addTask({ workspaceId: workspace.id, summary: "Before" });
  await vi.waitFor(() => expect(scribe.said).toContain("Before"));
  malamar.cutStreams();
  malamar.addTask({ workspaceId: workspace.id, summary: "Meanwhile" });
  await vi.waitFor(() => expect(feed.status).toBe("lost"));
  expect(feed.retryAt).toBeGreaterThan(Date.now() - 1_000);
  expect(feed.problem?.message).toBeTruthy();
  await vi.waitFor(() => expect(feed.status).toBe("live"));
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "Before", "Meanwhile"]));
  expect(feed.problem).toBeUndefined();
});

test("what could not be read while the server went away is read when it is back", async () => {
  const { feed, malamar } = house();
  const scribe = await following(feed);
  scribe.problem = { kind: "unreachable", reason: "network", message: "", nextStep: "", violations: [] };
  malamar.cutStreams();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "load"]));
});

test("when the cursor is too old, everything is read again", async () => {
  const { feed, malamar, workspace } = house();
  const scribe = await following(feed);
  feed.close();
  malamar.addTask({ workspaceId: workspace.id, summary: "Never told" });
  malamar.forgetEvents();
  feed.open();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "load"]));
  scribe.letGo();
  malamar.addTask({ workspaceId: workspace.id, summary: "Told" });
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "load", "Told"]));
});

test("after a rest the stream goes on where it was", async () => {
  const { feed, malamar, workspace } = house();
  const scribe = await following(feed);
  feed.close();
  malamar.addTask({ workspaceId: workspace.id, summary: "During the rest" });
  feed.open();
  await vi.waitFor(() => expect(scribe.said).toEqual(["load", "During the rest"]));
});

test("one page opens one stream, whatever its status does to what is drawn", async () => {
  const { feed, calls } = house();
  let opens = 0;
  const stop = $effect.root(() => {
    $effect(() => {
      opens += 1;
      if (opens < 10) feed.open();
    });
  });
  await vi.waitFor(() => expect(feed.status).toBe("live"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(calls).toEqual(["WatchEvents"]);
  stop();
});
