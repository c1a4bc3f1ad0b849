import type { CliStart, Command, CustomCli } from "../cli.ts";
import { StartFailure } from "#errors/start-failure.ts";

/** Fills the template of a CLI that is described by data alone. No shell is involved: an argument stays one argument. */
export function customCommand(start: CliStart, cli: CustomCli): Command {
  const values: Record<string, string> = {
    input: start.inputPath,
    output: start.outputPath,
    prompt: start.prompt,
    prompt_file: start.promptPath,
    model: start.model,
    execution_id: start.executionId,
  };
  const words = cli.command.map((word) => fill(word, values));
  const mentions = (...names: string[]) => cli.command.some((word) => names.some((name) => word.includes(`{${name}}`)));
  if (cli.promptBy === "argument" && !mentions("prompt")) words.push(start.prompt);
  if (cli.promptBy === "file" && !mentions("prompt_file", "input")) words.push(start.promptPath);
  const [program, ...args] = words;
  if (program === undefined || program === "") {
    throw new StartFailure("spawn_failed", "The CLI's command is empty. Nothing was started; name its program.");
  }
  return { program, args, env: cli.env, envPass: cli.envPass, stdin: cli.promptBy === "stdin" ? start.prompt : null };
}

function fill(word: string, values: Record<string, string>): string {
  return word.replace(/\{([a-z][a-z0-9_]*)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const known = Object.keys(values).map((each) => `{${each}}`);
    throw new StartFailure(
      "spawn_failed",
      `The CLI's command has a placeholder ${placeholder} that does not exist. Nothing was started; use ${known.join(" ")}.`,
    );
  });
}
