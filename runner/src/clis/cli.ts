// The port of the CLIs. A CLI is two pure files: what to start, and what its output means. Adding one changes one
// folder and one line in all.ts.

/** One thing an agent did, as read from its output: one model for all CLIs, the same as in the public log. */
export type LogEntry =
  | { case: "message" | "thinking" | "error"; value: { text: string } }
  | { case: "toolCall"; value: { id: string; name: string; input: string } }
  | { case: "toolResult"; value: { id: string; output: string; isError: boolean } }
  | { case: "usage"; value: Usage }
  | { case: "retry"; value: { attempt: number; reason: string } }
  | { case: "edit"; value: { path: string; diff: string } }
  | { case: "plan"; value: { items: { text: string; done: boolean }[] } };

/** A missing field means unknown, never zero. */
export interface Usage {
  inputTokens?: bigint;
  outputTokens?: bigint;
  cachedTokens?: bigint;
  /** US dollars. */
  cost?: number;
}

/** Faults that are nobody's fault: they pause the CLI. */
export type Fault = "auth" | "provider_unavailable" | "rate_limited" | "usage_limit";

/** Which CLI, and how it is described. */
export interface CliOrder {
  name: string;
  /** Empty = the CLI's own default. */
  model: string;
  adapter: Adapter;
}

export type Adapter = { kind: "demo" } | ({ kind: "custom" } & CustomCli);

/** A CLI described by data alone. */
export interface CustomCli {
  /** Program and arguments, with placeholders. */
  command: string[];
  promptBy: "stdin" | "argument" | "file";
  outputFormat: "text" | "json_lines";
  /** Regular expression that some line of stdout must match; empty = none. */
  successPattern: string;
  outcomePatterns: { pattern: string; fault: Fault }[];
  env: Record<string, string>;
  envPass: string[];
}

/** What a command is made from. */
export interface CliStart {
  executionId: string;
  model: string;
  inputPath: string;
  outputPath: string;
  promptPath: string;
  /** The one sentence that the agent is told. */
  prompt: string;
  /** This Node, and the demo agent beside this program. */
  node: string;
  demoCli: string;
}

export interface Command {
  program: string;
  args: string[];
  /** The CLI's own variables, on top of the families that every CLI gets. */
  env: Record<string, string>;
  /** Names or NAME_* patterns that this CLI gets from the supervisor's environment besides the common families. */
  envPass: string[];
  /** null = the CLI reads nothing from stdin. */
  stdin: string | null;
}

export type OutputStream = "stdout" | "stderr";

/** Reads the output of one execution, line by line, and remembers the facts in it. */
export interface Parser {
  /** `text` is one line; only its beginning, when it is longer than 1 MiB and `whole` is false. */
  line: (stream: OutputStream, text: string, whole: boolean) => LogEntry[];
  facts: () => CliFacts;
}

export interface CliFacts {
  /** The CLI's own final line, where it has one. */
  finalLine: "not_expected" | "success" | "failure" | "missing";
  fault: Fault | null;
  faultDetail: string;
  /** Unix milliseconds; null = unknown. */
  faultUntil: number | null;
  usage: Usage | null;
}

export interface Cli<A extends Adapter> {
  /** Pure. Throws a StartFailure when the description makes no sense. */
  command: (start: CliStart, adapter: A) => Command;
  parser: (adapter: A) => Parser;
  stop: { signals: NodeJS.Signals[]; to: "process" | "group" };
}
