/** A CLI described by data alone, from the configuration file. */
export interface CustomCli {
  /** Program and arguments; placeholders {input} {output} {prompt} {prompt_file} {model} {execution_id}. */
  command: string[];
  promptBy: "stdin" | "argument" | "file";
  outputFormat: "text" | "json_lines";
  /** Regular expression that a line of stdout must match for success; empty = none. */
  successPattern: string;
  outcomePatterns: { pattern: string; fault: "auth" | "provider_unavailable" | "rate_limited" | "usage_limit" }[];
  env: Record<string, string>;
  envPass: string[];
}

/** A CLI that agents can name. */
export interface Cli {
  name: string;
  title: string;
  kind: "built_in" | "demo" | "custom";
  custom: CustomCli | null;
}

const DEMO: Cli = { name: "demo", title: "Demo (scripted, no account)", kind: "demo", custom: null };

/** Names that a custom CLI cannot have; those that come with a later version are kept free for them. */
export const BUILT_IN_CLIS: readonly string[] = [DEMO.name, "claude", "codex", "gemini", "opencode"];

/** CLIs that agents can name. A CLI that this version learns to run is added here, before the demo. */
export function knownClis(config: { clis: Record<string, { title: string; custom: CustomCli }> }): Cli[] {
  const custom = Object.entries(config.clis).map(([name, cli]): Cli => ({ name, title: cli.title, kind: "custom", custom: cli.custom }));
  return [DEMO, ...custom];
}
