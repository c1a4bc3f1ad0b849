import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { watchEvents } from "@malamar/sdk/watch";
import { eventually } from "./eventually.ts";
import type { Server } from "./start-malamar.ts";

export interface Watching {
  events: Event[];
  cursor(): string;
  /** How often the client was told to read everything again. */
  resyncs(): number;
  /** Waits for an event, also one that came already. */
  sees(what: string, matches: (event: Event) => boolean): Promise<Event>;
  stop(): void;
}

/** Collects events from now on, or from a cursor; nothing that happens after this call is missed. */
export async function watch(server: Server, options: { cursor?: string; workspaceId?: string } = {}): Promise<Watching> {
  const abort = new AbortController();
  const events: Event[] = [];
  let cursor = options.cursor ?? "";
  let resyncs = 0;
  let failed: unknown;
  let opened = false;
  const run = async () => {
    for await (const message of watchEvents(server.api.events, { ...options, signal: abort.signal })) {
      opened = true;
      cursor = message.cursor;
      if (message.kind === "events") events.push(...message.events);
      if (message.kind === "resync") resyncs++;
    }
  };
  run().catch((error: unknown) => {
    if (!abort.signal.aborted) failed = error;
  });
  const working = () => {
    if (failed !== undefined) throw failed as Error;
  };
  await eventually("the event stream is open", () => (working(), opened));
  return {
    events,
    cursor: () => cursor,
    resyncs: () => resyncs,
    sees: (what, matches) =>
      eventually(`the event stream says that ${what}`, () => (working(), events.find(matches)), {
        instead: () => events.map(({ sequence, type, subject }) => `${sequence} ${type} ${subject.case}`),
      }),
    stop: () => abort.abort(),
  };
}
