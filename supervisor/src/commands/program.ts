import { Command, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { exitCodeOf, wordsOf } from "./exit-code.ts";
import { complain, say } from "./say.ts";
import { addPlaceFlags, addSettingFlags } from "./setting-flags.ts";
import type { StopHow } from "./stop.ts";

type Flags = Record<string, unknown>;

const EXAMPLES = `
Examples:
  malamar start                         start in the background and print the address
  malamar status                        is it running, where, and what is it doing
  malamar stop                          stop it; runners carry running steps on
  malamar serve --port 4000             run on this terminal, under another port
  malamar doctor                        what is wrong, and how to put it right

Settings: an environment variable wins over a flag, a flag over the file, the file over the default.
Exit codes: 0 done, 1 failed, 3 not running (status), 65 the database is damaged, 74 the disk gives errors,
75 another Malamar has the data directory, 78 mistake in the configuration.`;

/** The command line of the supervisor. Each command loads its own code, so that --version and status stay quick. */
export function buildProgram(entryDir: string): Command {
  const { version } = manifest;
  const program = new Command("malamar")
    .description("Hands work to a team of AI coding CLIs. Work with it by malamarctl, its page or its API.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(malamar --help tells more)");

  const serveHere = (flags: Flags) => async () => {
    const { serve } = await import("./serve.ts");
    await serve({ flags, version, entryDir, background: flags["background"] === true });
    return undefined;
  };

  addSettingFlags(program.command("serve").description("run on this terminal until Ctrl-C; what `npm start` runs"))
    .addOption(hiddenBackground())
    .action((flags: Flags) => finish(serveHere(flags)));

  addSettingFlags(program.command("start").description("start in the background, wait until it answers, print the address"))
    .option("--foreground", "stay on this terminal: the same as serve")
    .action((flags: Flags) =>
      finish(flags["foreground"] === true ? serveHere(flags) : async () => (await import("./start.ts")).start(flags, argumentsOf("start"))),
    );

  addPlaceFlags(
    program.command("stop").description("stop it; running steps are carried on by their runners, delivered after the next start"),
  )
    .option("--now", "stop the running steps as well; they start again next time")
    .option("--drain", "start nothing new and stop when the last step has ended")
    .action((flags: Flags) => finish(async () => (await import("./stop.ts")).stop(flags, stopHow(flags))));

  addPlaceFlags(program.command("status").description("whether it runs, where, and what it does; works when it does not run"))
    .option("--json", "print JSON")
    .action((flags: Flags) => finish(async () => (await import("./status.ts")).status(flags, { json: flags["json"] === true })));

  addSettingFlags(
    program.command("doctor").description("look at everything that Malamar needs and say how to put it right; changes nothing"),
  ).action((flags: Flags) => finish(async () => (await import("./doctor.ts")).doctor({ flags, entryDir, version })));

  program
    .command("version")
    .description("print the version")
    .action(() => say(version));
  return program;
}

function hiddenBackground(): Option {
  return new Option("--background", "started by `malamar start`").hideHelp();
}

function stopHow(flags: Flags): StopHow {
  return flags["now"] === true ? "now" : flags["drain"] === true ? "drain" : "keep";
}

/** What was given to a command, as it was given. */
function argumentsOf(command: string): string[] {
  return process.argv.slice(process.argv.indexOf(command) + 1);
}

/** Ends the process as a command says, or in words when it failed; undefined = it goes on. */
async function finish(run: () => Promise<number | undefined>): Promise<void> {
  // Whoever reads our words may have enough of them: `malamar status | head -1`.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const code = await run();
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    complain(wordsOf(error));
    process.exit(exitCodeOf(error));
  }
}
