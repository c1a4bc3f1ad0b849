import type { Client } from "@connectrpc/connect";
import type { Event, EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { endless, type EndlessOptions } from "./endless.ts";

export interface WatchOptions extends EndlessOptions {
  /** Not given = all workspaces. */
  workspaceId?: string | undefined;
  /** Cursor of the last message the caller has; not given = from now on. */
  cursor?: string | undefined;
  /** The server says something every 15 seconds; after this long without a word the stream is opened anew. */
  silenceMs?: number | undefined;
}

export type WatchMessage =
  | { kind: "events"; events: Event[]; cursor: string }
  /** Nothing new. The first message of a watch is often one: from here on nothing is missed, so this is the moment to read what is. */
  | { kind: "heartbeat"; cursor: string }
  /** Something was missed: read everything again, then go on with what follows. */
  | { kind: "resync"; cursor: string };

/**
 * Every change as one endless stream: reconnects by itself and goes on after the last message, so that nothing is lost or told twice.
 * Throws only when trying again is useless, e.g. when the workspace does not exist.
 */
export async function* watchEvents(client: Client<typeof EventService>, options: WatchOptions = {}): AsyncGenerator<WatchMessage, void> {
  const { workspaceId = "", silenceMs = 40_000, ...rest } = options;
  let cursor = options.cursor ?? "";
  const responses = endless({
    ...rest,
    silenceMs,
    open: (signal) => client.watchEvents({ workspaceId, cursor }, { signal }),
    isOver: () => false,
  });
  for await (const response of responses) {
    if (response.cursor !== "") cursor = response.cursor;
    const { message } = response;
    if (message.case === "batch") yield { kind: "events", events: message.value.events, cursor };
    else if (message.case === "resync") yield { kind: "resync", cursor };
    else yield { kind: "heartbeat", cursor };
  }
}
