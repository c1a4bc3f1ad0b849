import type { Violation } from "#errors/problem.ts";
import { lineViolations, textViolations } from "#errors/text-rules.ts";
import { limitViolations, type TimeLimits } from "#workspaces/workspace.ts";

/** Ordered worker of a workspace. Times in Unix milliseconds. */
export interface Agent {
  id: string;
  workspaceId: string;
  name: string;
  instruction: string;
  /** Name of a CLI known to the installation. */
  cli: string;
  /** Empty = the CLI's own default. */
  model: string;
  enabled: boolean;
  /** Place in the order, 1 = first, dense. */
  position: number;
  limits: TimeLimits;
  version: number;
  createdAt: number;
  updatedAt: number;
}

/** What a person sets. */
export type AgentSettings = Pick<Agent, "name" | "instruction" | "cli" | "model" | "enabled" | "limits">;

/** What an agent starts with when nobody says otherwise. */
export const NEW_AGENT: Omit<AgentSettings, "name" | "cli"> = {
  instruction: "",
  model: "",
  enabled: true,
  limits: { timeLimit: null, silenceWarning: null, silenceLimit: null },
};

/** The settings as they are stored: without blanks around name and model. */
export function tidyAgent<T extends Partial<Pick<AgentSettings, "name" | "model">>>(settings: T): T {
  const tidy = { ...settings };
  if (tidy.name !== undefined) tidy.name = tidy.name.trim();
  if (tidy.model !== undefined) tidy.model = tidy.model.trim();
  return tidy;
}

/** The rules of the given settings; `cliNames` are the CLIs that the installation knows. */
export function agentViolations(settings: Partial<AgentSettings>, cliNames: readonly string[]): Violation[] {
  const { name, instruction, cli, model, limits } = settings;
  const found: Violation[] = [];
  if (name !== undefined) found.push(...lineViolations("name", name));
  if (instruction !== undefined) found.push(...textViolations("instruction", instruction));
  // Known, not working: a CLI that is missing or not signed in may be assigned and is waited for.
  if (cli !== undefined && !cliNames.includes(cli)) {
    found.push({ field: "cli", description: `must be one of ${cliNames.join(", ")}; others can be described in the configuration file` });
  }
  if (model !== undefined) {
    found.push(...lineViolations("model", model, 0));
    // It becomes an argument of a command.
    if (model.startsWith("-")) found.push({ field: "model", description: "must not begin with -" });
  }
  if (limits !== undefined) found.push(...limitViolations(limits));
  return found;
}

/** What makes two names the same: full case folding as far as the language has it, over canonically equal spellings. */
export function nameKey(name: string): string {
  return name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}
