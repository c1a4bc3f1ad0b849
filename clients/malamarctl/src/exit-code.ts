import type { ProblemKind } from "@malamar/sdk/problem";

/** What a script can tell apart. Documented in `malamarctl --help` and docs/malamarctl.md. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  wrongState: 4,
  unreachable: 5,
  timeout: 6,
  attention: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_OF_PROBLEM: Record<ProblemKind, ExitCode> = {
  not_found: EXIT.notFound,
  invalid: EXIT.usage,
  conflict: EXIT.wrongState,
  wrong_state: EXIT.wrongState,
  busy: EXIT.wrongState,
  unavailable: EXIT.unreachable,
  unreachable: EXIT.unreachable,
  unauthenticated: EXIT.failure,
  forbidden: EXIT.failure,
  exhausted: EXIT.failure,
  unsupported: EXIT.failure,
  cancelled: EXIT.interrupted,
  internal: EXIT.failure,
};

/** Ends the program with a sentence and a code. */
export class Failure extends Error {
  readonly code: ExitCode;
  readonly nextStep: string;
  constructor(code: ExitCode, message: string, nextStep = "") {
    super(message);
    this.name = "Failure";
    this.code = code;
    this.nextStep = nextStep;
  }
}

export function usage(message: string, nextStep = ""): Failure {
  return new Failure(EXIT.usage, message, nextStep);
}
