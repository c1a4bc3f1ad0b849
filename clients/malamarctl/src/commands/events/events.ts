import { EventSchema } from "@malamar/proto/malamar/v1/event_service_pb";
import { watchEvents } from "@malamar/sdk/watch";
import { Command } from "commander";
import { EXIT, Failure } from "#exit-code.ts";
import { findWorkspace } from "#find/workspace.ts";
import type { Io } from "#io.ts";
import { workspaceOption } from "#options/common.ts";
import { jsonOf } from "#output/json.ts";
import { openSession } from "#session.ts";
import { createEventText } from "./event-text.ts";

// Stored events come without a pause; this long without one means that they are all told.
const QUIET_MS = 500;

interface Options {
  follow?: boolean;
  workspace?: string;
  after?: string;
}

export function events(io: Io): Command {
  return new Command("events")
    .option("-f, --follow", "go on with new events until interrupted")
    .addOption(workspaceOption("only of this workspace"))
    .option("--after <cursor>", "begin after this cursor instead of now; a cursor is told at the end and with -o json")
    .action(async ({ follow = false, workspace, after }: Options, command: Command) => {
      const session = openSession(io, command);
      const { malamar, print, note, look, onConnection } = session;
      // Also finds out whether there is a server at all, which an endless stream would wait for.
      const workspaceId = workspace === undefined ? "" : (await findWorkspace(malamar, workspace)).id;
      if (workspace === undefined) await malamar.system.getSystem({});
      const told = new AbortController();
      const signal = AbortSignal.any([io.signal, told.signal]);
      const eventText = createEventText(session);
      let cursor = after ?? "";
      let quiet: ReturnType<typeof setTimeout> | undefined;
      for await (const message of watchEvents(malamar.events, { workspaceId, cursor: after, signal, onConnection })) {
        clearTimeout(quiet);
        cursor = message.cursor;
        if (message.kind === "resync") {
          const text = "some events are too old to be told: read everything again, then go on from here";
          await print.streamed({ resync: true, cursor }, () => `${text}\n`, cursor);
        } else if (message.kind === "events") {
          for (const [index, event] of message.events.entries()) {
            const isLast = index === message.events.length - 1;
            const text = await eventText(event, look());
            // The cursor stands for the whole batch, so it is told with its last event.
            await print.streamed(
              { ...asObject(jsonOf(EventSchema, event)), ...(isLast && { cursor }) },
              () => text,
              String(event.sequence),
            );
          }
        }
        if (!follow && message.kind === "heartbeat") break;
        if (!follow) quiet = setTimeout(() => told.abort(), QUIET_MS);
      }
      clearTimeout(quiet);
      told.abort();
      if (cursor !== "") await note(`cursor: ${cursor}`);
      if (io.signal.aborted) throw new Failure(EXIT.interrupted, "");
    });
}

function asObject(value: ReturnType<typeof jsonOf>): Record<string, ReturnType<typeof jsonOf>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
