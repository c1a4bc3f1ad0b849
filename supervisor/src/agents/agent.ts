import type { TimeLimits } from "#workspaces/workspace.ts";

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

/** What makes two names the same: full case folding as far as the language has it, over canonically equal spellings. */
export function nameKey(name: string): string {
  return name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}
