import { toProblem } from "@malamar/sdk/problem";
import { createNodeMalamar } from "@malamar/sdk/node";
import { Command } from "commander";
import type { Io } from "#io.ts";
import { fields } from "#output/fields.ts";
import { openSession } from "#session.ts";
import { VERSION } from "#version.ts";

// Whoever asks for a version wants an answer, not to wait for a server that is not there.
const PATIENCE_MS = 3000;

export function version(io: Io): Command {
  return new Command("version").action(async (_options: object, command: Command) => {
    const { print, look, url } = openSession(io, command);
    const { server, why } = await serverVersion(url);
    await print.value(
      { client: VERSION, node: process.version, url, server: server ?? null },
      () =>
        fields(
          [
            { title: "malamarctl", value: `${VERSION} (Node ${process.version})` },
            { title: "server", value: `${server ?? why} (${url})` },
          ],
          [],
          look(),
        ),
      VERSION,
    );
  });
}

async function serverVersion(url: string): Promise<{ server?: string; why?: string }> {
  try {
    const { system } = await createNodeMalamar({ url, timeoutMs: PATIENCE_MS }).system.getSystem({});
    return { server: system?.version ?? "" };
  } catch (error) {
    const { kind, message } = toProblem(error);
    return { why: kind === "unreachable" ? "not reachable" : message };
  }
}
