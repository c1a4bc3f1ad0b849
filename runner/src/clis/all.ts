import type { Adapter, Cli } from "./cli.ts";
import { customCommand } from "./custom/command.ts";
import { customParser } from "./custom/parse.ts";
import { demoCommand } from "./demo/command.ts";
import { demoParser } from "./demo/parse.ts";

type Clis = { [K in Adapter["kind"]]: Cli<Extract<Adapter, { kind: K }>> };

// A custom command is often a script around something else, so its whole group is told to stop, as Ctrl-C would.
const CLIS: Clis = {
  demo: { command: demoCommand, parser: demoParser, stop: { signals: ["SIGTERM"], to: "process" } },
  custom: { command: customCommand, parser: customParser, stop: { signals: ["SIGINT", "SIGTERM"], to: "group" } },
};

export function cliOf(adapter: Adapter): Cli<Adapter> {
  return CLIS[adapter.kind] as Cli<Adapter>;
}
