import { Command, CommanderError, Option } from "commander";
import { EXIT, type ExitCode, Failure } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { FORMATS } from "./output/format.ts";
import type { GlobalOptions } from "./session.ts";
import type { Verb } from "./verb.ts";
import { VERSION } from "./version.ts";

interface Entry {
  name: string;
  description: string;
  /** The verbs of a noun, or one command that stands alone. Read only when it is typed, since most of the start-up time goes into it. */
  load: () => Promise<readonly Verb[] | Verb>;
}

const ENTRIES: readonly Entry[] = [
  {
    name: "status",
    description: "What runs, what waits and why, what needs you",
    load: async () => (await import("./commands/status/status.ts")).status,
  },
  { name: "ps", description: "What runs now, what it uses, who carries it", load: async () => (await import("./commands/ps/ps.ts")).ps },
  { name: "task", description: "Hand out work and steer it", load: async () => (await import("./commands/task/verbs.ts")).taskVerbs },
  {
    name: "comment",
    description: "Read and say what is said on a task",
    load: async () => (await import("./commands/comment/verbs.ts")).commentVerbs,
  },
  { name: "logs", description: "What an agent did, line by line", load: async () => (await import("./commands/logs/logs.ts")).logs },
  { name: "activity", description: "A task's history", load: async () => (await import("./commands/activity/verbs.ts")).activityVerbs },
  {
    name: "execution",
    description: "Single turns of agents and how they ended",
    load: async () => (await import("./commands/execution/verbs.ts")).executionVerbs,
  },
  {
    name: "workspace",
    description: "Teams, their directory and settings",
    load: async () => (await import("./commands/workspace/verbs.ts")).workspaceVerbs,
  },
  {
    name: "agent",
    description: "The members of a team, in their order",
    load: async () => (await import("./commands/agent/verbs.ts")).agentVerbs,
  },
  { name: "events", description: "Every change as it happens", load: async () => (await import("./commands/events/events.ts")).events },
  {
    name: "version",
    description: "Version of malamarctl and of the server",
    load: async () => (await import("./commands/version/version.ts")).version,
  },
];

const EPILOGUE = `
Exit codes:
  0 done   1 failed   2 wrong usage or input   3 not found   4 not possible in the present state, or a conflict
  5 server not reachable   6 --timeout of a wait   7 the awaited task ended in error or was cancelled   130 interrupted

The server is the one of --url, else of MALAMAR_URL, else http://127.0.0.1:3456.
Text that begins with "-" goes after "--":  malamarctl comment add MAL-1 -- "- like this"`;

/** Runs one command line. Everything it has to say goes through `io`; the answer is the exit code. */
export async function runMalamarctl(args: readonly string[], io: Io): Promise<ExitCode> {
  const program = createProgram(io);
  try {
    await addCommands(program, args, io);
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    // Help was asked for and given, or the usage was wrong and commander has said so.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { complain } = await import("./complain.ts");
    const { url, debug = false } = program.opts<GlobalOptions>();
    const { urlOf } = await import("./session.ts");
    // A wrong address is complained about as given.
    const { code, text } = complain(error, { url: error instanceof Failure ? "" : urlOf(io, url), debug });
    await io.err(text);
    return code;
  }
}

function createProgram(io: Io): Command {
  return new Command("malamarctl")
    .description("Steers Malamar from a terminal or a script.")
    .version(VERSION, "-V, --version", "version of malamarctl alone")
    .option("--url <url>", "address of the server")
    .addOption(new Option("-o, --output <format>", "how results are printed").choices(FORMATS).default("table"))
    .option("-q, --quiet", "print results only, no notes")
    .option("--debug", "print the stack of an error")
    .addHelpText("after", EPILOGUE)
    .showHelpAfterError("See the usage with --help.")
    .configureHelp({ showGlobalOptions: true, helpWidth: io.columns ?? 100 })
    .configureOutput({ writeOut: (text) => void io.out(text), writeErr: (text) => void io.err(text), outputError: complaint })
    .exitOverride();
}

/** Commander's own "error: …" in our form. */
function complaint(text: string, write: (text: string) => void): void {
  const hint = text.includes("unknown option '- ") ? 'Text that begins with "-" goes after "--".\n' : "";
  write(`${text.replace(/^error: /, "malamarctl: ")}${hint}`);
}

async function addCommands(program: Command, args: readonly string[], io: Io): Promise<void> {
  for (const { name, description, load } of ENTRIES) {
    const loaded = args.includes(name) ? await load() : [];
    const command = typeof loaded === "function" ? loaded(io) : new Command(name);
    program.addCommand(command.description(description).copyInheritedSettings(program));
    if (typeof loaded === "function") continue;
    for (const verb of loaded) command.addCommand(verb(io).copyInheritedSettings(program));
  }
}
