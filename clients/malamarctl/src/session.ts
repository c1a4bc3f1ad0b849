import type { Command } from "commander";
import type { Malamar } from "@malamar/sdk";
import { createNodeMalamar, serverUrl } from "@malamar/sdk/node";
import type { WatchOptions } from "@malamar/sdk/watch";
import { usage } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { cleanText } from "./output/clean.ts";
import type { Format } from "./output/format.ts";
import type { Look } from "./output/look.ts";
import { type Print, printer } from "./output/print.ts";

/** The options that every command takes. */
export interface GlobalOptions {
  url?: string;
  output: Format;
  quiet?: boolean;
  debug?: boolean;
}

/** One command's line to the server and to the person who typed it. */
export interface Session {
  io: Io;
  malamar: Malamar;
  url: string;
  format: Format;
  look: () => Look;
  print: Print;
  /** Says something that is not the result; on stderr, and not at all with --quiet. */
  note: (text: string) => Promise<void>;
  /** For streams: says when the connection is gone and when it is back. */
  onConnection: NonNullable<WatchOptions["onConnection"]>;
}

export function openSession(io: Io, command: Command): Session {
  const { url: given, output, quiet = false } = command.optsWithGlobals<GlobalOptions>();
  const url = urlOf(io, given);
  const look = () => ({ columns: io.columns, colour: io.colour, now: io.now() });
  const note = async (text: string) => {
    if (!quiet) await io.err(`${cleanText(text)}\n`);
  };
  return {
    io,
    malamar: createNodeMalamar({ url }),
    url,
    format: output,
    look,
    print: printer(io, output, quiet, look),
    note,
    onConnection: connectionNotes(note, url),
  };
}

/** The flag, else MALAMAR_URL, else the default. */
export function urlOf(io: Io, given: string | undefined): string {
  try {
    return serverUrl(given ?? io.env["MALAMAR_URL"]);
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function connectionNotes(note: Session["note"], url: string): Session["onConnection"] {
  let isLost = false;
  return (connection) => {
    if (connection.state === "connected") {
      if (isLost) void note("connected again");
      isLost = false;
    } else if (connection.retryInMs > 0 && !isLost) {
      isLost = true;
      void note(`the connection to ${url} is lost; trying again until it is back`);
    }
  };
}
