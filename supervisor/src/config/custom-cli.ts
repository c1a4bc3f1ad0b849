import { z } from "zod";
import { BUILT_IN_CLIS, type CustomCli } from "./cli.ts";

const PLACEHOLDERS = ["input", "output", "prompt", "prompt_file", "model", "execution_id"];

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
  .refine((name) => !name.startsWith("MALAMAR_"), "must not begin with MALAMAR_; those are set by Malamar itself");

/** NAME, or NAME_* for all that begin so. */
const variables = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, "must be the name of an environment variable, or its beginning and a *")
  .refine((name) => !name.startsWith("MALAMAR_"), "must not begin with MALAMAR_; those are set by Malamar itself");

const pattern = z.string().superRefine((source, issues) => {
  try {
    // With u, as the runner compiles it: a mistake in it is found now and not in the middle of a task.
    void new RegExp(source, "u");
  } catch (error) {
    issues.addIssue({ code: "custom", message: `must be a regular expression (${(error as Error).message})` });
  }
});

const argument = z.string().superRefine((text, issues) => {
  for (const [, name = ""] of text.matchAll(/\{([a-z][a-z_]*)\}/g)) {
    if (PLACEHOLDERS.includes(name)) continue;
    const known = PLACEHOLDERS.map((each) => `{${each}}`).join(" ");
    issues.addIssue({ code: "custom", message: `has the unknown placeholder {${name}}; known are ${known}` });
  }
});

const cliName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be 1 to 40 lower-case letters, digits or -, not beginning with -")
  .refine((name) => !BUILT_IN_CLIS.includes(name), "is the name of a CLI that Malamar knows already; take another one");

const customCli = z
  .strictObject({
    title: z.string().trim().max(80, "must be at most 80 characters").default(""),
    command: z
      .array(argument)
      .min(1, "must name at least the program")
      .refine((command) => command[0]?.trim() !== "", "must name the program first"),
    promptBy: z.enum(["stdin", "argument", "file"]).default("stdin"),
    outputFormat: z.enum(["text", "json_lines"]).default("text"),
    successPattern: pattern.default(""),
    outcomePatterns: z
      .array(
        z.strictObject({
          pattern: pattern.min(1, "must not be empty, it would match every line"),
          fault: z.enum(["auth", "provider_unavailable", "rate_limited", "usage_limit"]),
        }),
      )
      .default([]),
    env: z.record(variable, z.string()).default({}),
    envPass: z.array(variables).default([]),
  })
  .superRefine(({ command, promptBy }, issues) => {
    const needed = { stdin: undefined, argument: "{prompt}", file: "{prompt_file}" }[promptBy];
    if (needed === undefined || command.some((each) => each.includes(needed))) return;
    issues.addIssue({ code: "custom", path: ["command"], message: `must contain ${needed}, since promptBy is ${promptBy}` });
  });

/** CLIs of the configuration file by name; the title of a nameless one is its name. */
export const customClis = z.record(cliName, customCli).transform((clis) => {
  const named = Object.entries(clis).map(([name, { title, ...custom }]) => [name, { title: title || name, custom }] as const);
  return Object.fromEntries(named) satisfies Record<string, { title: string; custom: CustomCli }>;
});
