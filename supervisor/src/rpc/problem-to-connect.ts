import { Code, ConnectError } from "@connectrpc/connect";
import { ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import type { Problem, ProblemKind } from "#errors/problem.ts";
import { PROBLEM_KIND } from "./wire-words.ts";

const CODES = {
  not_found: Code.NotFound,
  invalid: Code.InvalidArgument,
  conflict: Code.AlreadyExists,
  wrong_state: Code.FailedPrecondition,
  busy: Code.Unavailable,
  unavailable: Code.Unavailable,
  unauthenticated: Code.Unauthenticated,
  forbidden: Code.PermissionDenied,
  exhausted: Code.ResourceExhausted,
} as const satisfies Record<ProblemKind, Code>;

/** What a caller can act on, as Connect and gRPC say it: a code for machines, a sentence for people, the rest as a typed detail. */
export function problemToConnect(problem: Problem): ConnectError {
  const { kind, reason, nextStep, violations, message } = problem;
  // Nothing exists twice here: somebody else was faster, and repeating on the new version may work.
  const code = reason === "version_changed" ? Code.Aborted : CODES[kind];
  const value = { kind: PROBLEM_KIND[kind], reason, nextStep, violations: [...violations] };
  return new ConnectError(message, code, undefined, [{ desc: ProblemSchema, value }], problem);
}
