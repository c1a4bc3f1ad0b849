/** One field of a request that breaks a rule. `field` is its path in the request's JSON form. */
export interface Violation {
  field: string;
  description: string;
}

export type ProblemKind =
  "not_found" | "invalid" | "conflict" | "wrong_state" | "busy" | "unavailable" | "unauthenticated" | "forbidden" | "exhausted";

/**
 * Something the caller can act on. Everything else that is thrown is a bug: it reaches the log whole and the caller as
 * "internal error". `reason` is a stable machine word for the exact case; the message says what happened and what was kept,
 * `nextStep` what to do now.
 */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly reason: string;
  readonly nextStep: string;
  readonly violations: readonly Violation[];

  constructor(kind: ProblemKind, reason: string, message: string, nextStep: string, violations: readonly Violation[] = []) {
    super(message);
    this.name = "Problem";
    this.kind = kind;
    this.reason = reason;
    this.nextStep = nextStep;
    this.violations = violations;
  }
}

/** Refuses the request when any rule is broken, naming every broken field at once. */
export function refuseViolations(violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  const fields = violations.map((v) => `${v.field}: ${v.description}`).join("; ");
  throw new Problem(
    "invalid",
    "invalid_fields",
    `Nothing was changed: ${fields}.`,
    "Correct the named fields and send the request again.",
    violations,
  );
}

export function notFound(noun: string, id: string): Problem {
  return new Problem(
    "not_found",
    `${noun}_not_found`,
    `There is no ${noun} ${JSON.stringify(id)}; nothing was changed.`,
    `List the ${noun}s to see their ids; it may have been deleted.`,
  );
}
