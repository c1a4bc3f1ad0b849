import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  EventService,
  EventType,
  type WatchEventsRequest,
  type WatchEventsResponseSchema,
} from "@malamar/proto/malamar/v1/event_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDroppingServer } from "./dropping-server.ts";
import type { Connection } from "./endless.ts";
import { createNodeMalamar } from "./node.ts";
import { watchEvents, type WatchOptions } from "./watch.ts";

// A table of events as the real server has one: a cursor is a place in it, and streams are only woken.
let table: number[];
let requests: WatchEventsRequest[];
let wake: () => void;
let behave: "serve" | "resync" | "say nothing" | "end after each batch" | "refuse";
let server: Awaited<ReturnType<typeof startDroppingServer>>;
let stop: AbortController;
let connections: Connection[];

function append(...sequences: number[]) {
  table.push(...sequences);
  wake();
}

beforeEach(async () => {
  table = [];
  requests = [];
  wake = () => undefined;
  behave = "serve";
  stop = new AbortController();
  connections = [];
  server = await startDroppingServer((router) =>
    router.service(EventService, {
      async *watchEvents(request, { signal }): AsyncGenerator<MessageInitShape<typeof WatchEventsResponseSchema>> {
        requests.push(request);
        if (behave === "refuse") throw new ConnectError("no such workspace", Code.NotFound);
        if (behave === "say nothing") await new Promise((resolve) => signal.addEventListener("abort", resolve));
        let seen = request.cursor === "" ? table.length : Number(request.cursor);
        if (behave === "resync") {
          yield { message: { case: "resync", value: {} }, cursor: String((seen = table.length)) };
        } else if (seen === table.length) {
          yield { message: { case: "heartbeat", value: {} }, cursor: String(seen) };
        }
        while (!signal.aborted) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener("abort", () => resolve());
          });
          if (seen < table.length) {
            const events = table.slice(seen).map((sequence) => ({ sequence: BigInt(sequence), type: EventType.TASK_CHANGED }));
            yield { message: { case: "batch", value: { events } }, cursor: String((seen = table.length)) };
            if (behave === "end after each batch") return;
          }
          await woken;
        }
      },
    }),
  );
});

afterEach(async () => {
  stop.abort();
  await server.stop();
});

function watch(options: Partial<WatchOptions> = {}) {
  return watchEvents(createNodeMalamar({ url: server.url }).events, {
    signal: stop.signal,
    onConnection: (connection) => connections.push(connection),
    random: () => 1,
    ...options,
  });
}

/** Reads on until so many events came. */
async function collect(stream: ReturnType<typeof watch>, count: number, onMessage: (sequences: number[]) => void = () => undefined) {
  const sequences: number[] = [];
  while (sequences.length < count) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error(`the watch ended after ${sequences.join()}`);
    if (value?.kind === "events") sequences.push(...value.events.map((event) => Number(event.sequence)));
    onMessage(sequences);
  }
  return sequences;
}

test("a watch without a cursor begins with the first message and misses nothing after it", async () => {
  table = [1, 2, 3];
  const stream = watch();
  expect(await stream.next()).toEqual({ done: false, value: { kind: "heartbeat", cursor: "3" } });
  append(4, 5);
  expect(await collect(stream, 2)).toEqual([4, 5]);
  expect(connections.map(({ state }) => state)).toEqual(["connecting", "connected"]);
});

test("a cut connection is opened again after the last message, and every event comes exactly once", async () => {
  table = [1, 2];
  const stream = watch({ cursor: "0" });
  const sequences = await collect(stream, 6, (got) => {
    if (got.length === 2) {
      server.drop();
      setTimeout(() => append(3, 4, 5, 6), 20);
    }
  });
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6]);
  expect(requests.map(({ cursor }) => cursor)).toEqual(["0", "2"]);
  expect(connections.map(({ state }) => state)).toEqual(["connecting", "connected", "connecting", "connected"]);
});

test("ten cuts in a row lose and repeat nothing", async () => {
  const stream = watch({ cursor: "0" });
  append(0);
  let cuts = 0;
  const sequences = await collect(stream, 11, (got) => {
    if (got.length === cuts + 1 && cuts < 10) {
      cuts += 1;
      server.drop();
      append(cuts);
    }
  });
  expect(sequences).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a server that is away is tried again until it is back", async () => {
  table = [1];
  const stream = watch({ cursor: "0" });
  expect(await collect(stream, 1)).toEqual([1]);
  await server.stop();
  table.push(2);
  setTimeout(() => void server.restart(), 400);
  expect(await collect(stream, 1)).toEqual([2]);
  const waits = connections.flatMap((connection) => (connection.state === "connecting" ? [connection.retryInMs] : []));
  expect(waits.slice(0, 3)).toEqual([0, 125, 250]);
});

test("a stream that the server closes in order is opened again", async () => {
  behave = "end after each batch";
  table = [1];
  const stream = watch({ cursor: "0" });
  expect(await collect(stream, 1)).toEqual([1]);
  setTimeout(() => append(2), 50);
  expect(await collect(stream, 1)).toEqual([2]);
});

test("a server that falls silent is left and called again", async () => {
  behave = "say nothing";
  table = [1];
  const stream = watch({ cursor: "0", silenceMs: 150 });
  setTimeout(() => (behave = "serve"), 200);
  expect(await collect(stream, 1)).toEqual([1]);
  expect(requests.length).toBeGreaterThanOrEqual(2);
});

test("a reader that takes its time does not make the stream look dead", async () => {
  table = [1];
  const stream = watch({ cursor: "0", silenceMs: 100 });
  await collect(stream, 1);
  await new Promise((resolve) => setTimeout(resolve, 250));
  append(2);
  expect(await collect(stream, 1)).toEqual([2]);
  expect(requests).toHaveLength(1);
});

test("a resync is handed on with the new cursor", async () => {
  behave = "resync";
  table = [1, 2, 3];
  const stream = watch({ cursor: "of another installation" });
  expect((await stream.next()).value).toEqual({ kind: "resync", cursor: "3" });
});

test("an error that stays wrong ends the watch", async () => {
  behave = "refuse";
  await expect(watch({ workspaceId: "gone" }).next()).rejects.toThrow("no such workspace");
  expect(requests).toHaveLength(1);
});

test("aborting ends the watch without an error, also while it waits for the server to come back", async () => {
  const stream = watch();
  await stream.next();
  setTimeout(() => stop.abort(), 30);
  expect(await stream.next()).toEqual({ done: true, value: undefined });

  stop = new AbortController();
  await server.stop();
  const away = watch();
  setTimeout(() => stop.abort(), 30);
  expect(await away.next()).toEqual({ done: true, value: undefined });
});
