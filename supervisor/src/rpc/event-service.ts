import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { WatchEventsResponseSchema, type EventService, type WatchEventsResponse } from "@malamar/proto/malamar/v1/event_service_pb";
import { readId } from "./decode.ts";
import { readCursor, writeCursor } from "./event-cursor.ts";
import { createEventFeed } from "./event-feed.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Milliseconds. */
export interface EventTimes {
  /** Between two messages at most. */
  heartbeat: number;
  /** Between two batches at least, so that a burst of commits becomes few messages. */
  gap: number;
}

const TIMES: EventTimes = { heartbeat: 15_000, gap: 10 };

export function eventService(
  { deps, hub, installation }: Pick<ServiceDeps, "deps" | "hub" | "installation">,
  times: EventTimes = TIMES,
): ServiceImpl<typeof EventService> {
  const feed = createEventFeed(deps.store.reader, installation.id);
  const bare = (kind: "heartbeat" | "resync", seq: number): WatchEventsResponse =>
    create(WatchEventsResponseSchema, { message: { case: kind, value: {} }, cursor: writeCursor(installation.id, seq) });

  return {
    async *watchEvents({ cursor, workspaceId }, { signal }) {
      if (workspaceId !== "") readId("workspaceId", workspaceId);
      let seq = cursor === "" ? feed.newest() : readCursor(installation.id, cursor);
      let seenAt = 0;
      let sentAt = -Infinity;
      let woken: Promise<void> | undefined;
      while (!signal.aborted) {
        // Asked for before the table is read: a commit after the reading is not slept through.
        woken ??= hub.next(signal);
        if (seq === undefined || !feed.continues(seq)) {
          seq = feed.newest();
          sentAt = performance.now();
          yield bare("resync", seq);
          continue;
        }
        const batch = feed.after(seq, workspaceId, seenAt);
        ({ seq, readAt: seenAt } = batch);
        // Also when only events of other workspaces come by: the caller wants to know that we live, and where to go on.
        const message = batch.message ?? (performance.now() - sentAt >= times.heartbeat ? bare("heartbeat", seq) : undefined);
        if (message !== undefined) {
          sentAt = performance.now();
          yield message;
        }
        if (batch.more) {
          // A long stretch of other workspaces' events must not hold up everybody else.
          if (message === undefined) await nextTurn();
          continue;
        }
        if (!(await settled(woken, sentAt + times.heartbeat - performance.now()))) continue;
        woken = undefined;
        const early = sentAt + times.gap - performance.now();
        if (early > 0) await sleep(early);
      }
    },
  };
}

/** Whether a promise settles within a time. */
async function settled(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, Math.max(0, milliseconds), false);
  const settledFirst = await Promise.race([promise.then(() => true), late.promise]);
  clearTimeout(timer);
  return settledFirst;
}
