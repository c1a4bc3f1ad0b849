import { create } from "@bufbuild/protobuf";
import {
  EventSchema,
  WatchEventsResponseSchema,
  type Event as WireEvent,
  type WatchEventsResponse,
} from "@malamar/proto/malamar/v1/event_service_pb";
import { findAgent } from "#agents/agent-table.ts";
import { eventsAfter, newestEventSeq, oldestEventSeq } from "#events/event-table.ts";
import type { Event } from "#events/event.ts";
import { findExecution } from "#executions/execution-table.ts";
import type { Db } from "#store/open-db.ts";
import { findComment } from "#tasks/comment-table.ts";
import { findTask } from "#tasks/task-table.ts";
import { findWorkspace } from "#workspaces/workspace-table.ts";
import { encodeAgent, encodeComment, encodeExecution, encodeTask, encodeWorkspace, time } from "./encode.ts";
import { writeCursor } from "./event-cursor.ts";
import { liveExecutionIds } from "./live-execution-ids.ts";
import { EVENT_TYPE } from "./wire-words.ts";

/** What follows a place in the sequence of events, made once for everybody who stands there. */
export interface Batch {
  /** Undefined when none of the events is of the wanted workspace. */
  message: WatchEventsResponse | undefined;
  /** Where to go on. */
  seq: number;
  /** Newest event when the rows were read: a stream that has seen newer rows must not be given older ones. */
  readAt: number;
}

export interface EventFeed {
  newest(): number;
  /** Whether nothing between this place and now is missing; ahead of now or older than what is kept, it is. */
  continues(seq: number): boolean;
  /**
   * Synchronous, so that no transaction outlives a turn of the event loop.
   * @param seenAt `readAt` of the stream's last batch
   * @returns `more` when something follows the batch already
   */
  after(seq: number, workspaceId: string, seenAt: number): Batch & { more: boolean };
}

const MOST_EVENTS = 500;
/** Of text in one message; beyond it a message has at least one event. gRPC clients take 4 MiB unless told otherwise. */
const MOST_TEXT = 1 << 20;
const KEPT_BATCHES = 64;

type Subject = WireEvent["subject"];
const GONE: Subject = { case: undefined };

export function createEventFeed(db: Db, installationId: string): EventFeed {
  const batches = new Map<string, Batch>();
  let keptText = 0;
  // Rows as they are at `rowsAt`, each encoded once however many streams and events point to it.
  const rows = new Map<string, { subject: Subject; text: number }>();
  let rowsAt = -1;

  function read(seq: number, workspaceId: string, readAt: number): Batch & { text: number } {
    if (readAt !== rowsAt || rows.size > 4 * MOST_EVENTS) rows.clear();
    rowsAt = readAt;
    const found = eventsAfter(db, seq, MOST_EVENTS);
    const live = liveExecutionIds(db);
    const events: WireEvent[] = [];
    let last = found.length === 0 ? readAt : seq;
    let text = 0;
    for (const event of found) {
      if (isWanted(event, workspaceId)) {
        const row = rowOf(event, live);
        if (events.length > 0 && text + row.text > MOST_TEXT) break;
        events.push(encodeEvent(event, row.subject));
        text += row.text;
      }
      last = event.seq;
    }
    const batch = { events };
    const cursor = writeCursor(installationId, last);
    const message =
      events.length === 0 ? undefined : create(WatchEventsResponseSchema, { message: { case: "batch", value: batch }, cursor });
    return { message, seq: last, readAt, text };
  }

  function rowOf(event: Event, live: Map<string, string>): { subject: Subject; text: number } {
    const key = `${event.type} ${event.workspaceId} ${event.taskId} ${event.subjectId}`;
    let row = rows.get(key);
    if (row === undefined) rows.set(key, (row = readRow(db, event, live)));
    return row;
  }

  /** Makes room for one batch more. */
  function keep({ text, ...batch }: Batch & { text: number }): Batch {
    keptText += text;
    if (batches.size >= KEPT_BATCHES || keptText > 8 * MOST_TEXT) {
      batches.clear();
      keptText = text;
    }
    return batch;
  }

  return {
    newest: () => newestEventSeq(db),
    continues(seq) {
      const newest = newestEventSeq(db);
      if (seq >= newest) return seq === newest;
      const oldest = oldestEventSeq(db);
      return oldest > 0 && seq >= oldest - 1;
    },
    after(seq, workspaceId, seenAt) {
      const newest = newestEventSeq(db);
      if (newest === seq) return { message: undefined, seq, readAt: newest, more: false };
      const key = `${seq} ${workspaceId}`;
      let batch = batches.get(key);
      if (batch === undefined || batch.readAt < seenAt) batches.set(key, (batch = keep(read(seq, workspaceId, newest))));
      // A kept batch may end before the present, and nobody will be woken for what is there already.
      return { ...batch, more: batch.seq < newest };
    },
  };
}

/** Events of no workspace are everybody's. */
function isWanted(event: Event, workspaceId: string): boolean {
  return workspaceId === "" || event.workspaceId === "" || event.workspaceId === workspaceId;
}

function encodeEvent(event: Event, subject: Subject): WireEvent {
  const { workspaceId, taskId, subjectId } = event;
  return create(EventSchema, {
    sequence: BigInt(event.seq),
    type: EVENT_TYPE[event.type],
    time: time(event.createdAt),
    workspaceId,
    taskId,
    subjectId,
    subject,
  });
}

/** The present row an event points to, and about how much text it carries. */
function readRow(db: Db, event: Event, live: Map<string, string>): { subject: Subject; text: number } {
  switch (event.type) {
    case "workspace_changed": {
      const row = findWorkspace(db, event.workspaceId);
      return row
        ? { subject: { case: "workspace", value: encodeWorkspace(row) }, text: row.description.length }
        : { subject: GONE, text: 0 };
    }
    case "agent_changed": {
      const row = findAgent(db, event.subjectId);
      return row ? { subject: { case: "agent", value: encodeAgent(row) }, text: row.instruction.length } : { subject: GONE, text: 0 };
    }
    case "task_changed": {
      const row = findTask(db, event.taskId);
      const encoded = row && encodeTask(row, live.get(row.id) ?? "");
      return encoded ? { subject: { case: "task", value: encoded }, text: encoded.description.length } : { subject: GONE, text: 0 };
    }
    case "comment_changed": {
      const row = findComment(db, event.subjectId);
      return row ? { subject: { case: "comment", value: encodeComment(row) }, text: row.content.length } : { subject: GONE, text: 0 };
    }
    case "execution_changed": {
      const row = findExecution(db, event.subjectId);
      const encoded = row && encodeExecution(row);
      const text = encoded?.actions.reduce((sum, action) => sum + action.content.length, 0) ?? 0;
      return encoded ? { subject: { case: "execution", value: encoded }, text } : { subject: GONE, text: 0 };
    }
    case "workspace_deleted":
    case "agent_deleted":
    case "task_deleted":
    case "system_changed":
      return { subject: GONE, text: 0 };
  }
}
