export const ACTOR_KINDS = ["user", "agent", "system"] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who did or said something. The name is the one at that time. */
export interface Actor {
  kind: ActorKind;
  /** Of the agent; empty for user and system. */
  id: string;
  name: string;
}

export const USER: Actor = { kind: "user", id: "", name: "User" };
export const SYSTEM: Actor = { kind: "system", id: "", name: "System" };

/** What a user, an agent or the system says on a task. Times in Unix milliseconds. */
export interface Comment {
  seq: number;
  id: string;
  taskId: string;
  author: Actor;
  content: string;
  /** Execution whose answer this is, or null. */
  executionId: string | null;
  /** Place in that answer, or null. */
  ordinal: number | null;
  /** How often the system said this in a row. */
  repeats: number;
  createdAt: number;
  updatedAt: number;
}
