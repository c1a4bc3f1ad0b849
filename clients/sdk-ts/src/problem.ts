import { Code, ConnectError } from "@connectrpc/connect";
import { ProblemKind as WireKind, ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import { outageOf, type Outage } from "./outage.ts";

/** What went wrong, in the words of the contract, plus the cases in which no server answered. */
export type ProblemKind =
  | "not_found"
  | "invalid"
  | "conflict"
  | "wrong_state"
  | "busy"
  | "unavailable"
  | "unauthenticated"
  | "forbidden"
  | "exhausted"
  /** No answer came: nobody listens there, or the connection broke. */
  | "unreachable"
  /** The server does not know this call; another version, or no Malamar at all. */
  | "unsupported"
  /** The caller gave the call up itself. */
  | "cancelled"
  /** A fault in Malamar. */
  | "internal";

export interface Problem {
  kind: ProblemKind;
  /** Stable machine word for the exact case. */
  reason: string;
  /** Sentence for people. */
  message: string;
  /** What the caller can do next; may be empty. */
  nextStep: string;
  violations: { field: string; description: string }[];
}

const KIND: Record<WireKind, ProblemKind> = {
  [WireKind.UNSPECIFIED]: "internal",
  [WireKind.NOT_FOUND]: "not_found",
  [WireKind.INVALID]: "invalid",
  [WireKind.CONFLICT]: "conflict",
  [WireKind.WRONG_STATE]: "wrong_state",
  [WireKind.BUSY]: "busy",
  [WireKind.UNAVAILABLE]: "unavailable",
  [WireKind.UNAUTHENTICATED]: "unauthenticated",
  [WireKind.FORBIDDEN]: "forbidden",
  [WireKind.EXHAUSTED]: "exhausted",
};

// For answers without a Problem: from a proxy in between, or from the RPC layer itself.
const KIND_BY_CODE: Record<Code, ProblemKind> = {
  [Code.Canceled]: "cancelled",
  [Code.Unknown]: "internal",
  [Code.InvalidArgument]: "invalid",
  [Code.DeadlineExceeded]: "unreachable",
  [Code.NotFound]: "not_found",
  [Code.AlreadyExists]: "conflict",
  [Code.PermissionDenied]: "forbidden",
  [Code.ResourceExhausted]: "exhausted",
  [Code.FailedPrecondition]: "wrong_state",
  [Code.Aborted]: "conflict",
  [Code.OutOfRange]: "invalid",
  [Code.Unimplemented]: "unsupported",
  [Code.Internal]: "internal",
  [Code.Unavailable]: "unavailable",
  [Code.DataLoss]: "internal",
  [Code.Unauthenticated]: "unauthenticated",
};

const NEXT_STEP: Partial<Record<ProblemKind, string>> = {
  unsupported: "Check that the address is that of a Malamar server and that it is as new as this client.",
  unavailable: "Try again in a moment.",
  internal: "Look into the server's log; nothing says that trying again helps.",
};

const OUTAGE: Record<Outage["reason"], string> = {
  connection_refused: "nobody answers at this address",
  host_not_found: "the host name is not known",
  no_route: "the host cannot be reached",
  connection_lost: "the connection broke before the answer was complete",
  timed_out: "no answer came in time",
  network: "the network call failed",
};

/** Turns whatever a call threw into one shape for screens and scripts. */
export function toProblem(error: unknown): Problem {
  if (!(error instanceof ConnectError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "internal", reason: "bug", message, nextStep: "", violations: [] };
  }
  const [detail] = error.findDetails(ProblemSchema);
  if (detail !== undefined) {
    return {
      kind: KIND[detail.kind] ?? KIND_BY_CODE[error.code],
      reason: detail.reason,
      message: error.rawMessage,
      nextStep: detail.nextStep,
      violations: detail.violations.map(({ field, description }) => ({ field, description })),
    };
  }
  const outage = outageOf(error);
  if (outage !== undefined) return unreachable(outage);
  const kind = KIND_BY_CODE[error.code];
  return {
    kind,
    reason: `code_${Code[error.code]}`.toLowerCase(),
    message: error.rawMessage,
    nextStep: NEXT_STEP[kind] ?? "",
    violations: [],
  };
}

function unreachable(outage: Outage): Problem {
  const nextStep = outage.sent
    ? "If the call was to change something, look whether it did before you repeat it."
    : "Nothing was changed. Start Malamar, or check the address.";
  return {
    kind: "unreachable",
    reason: outage.reason,
    message: `Malamar did not answer: ${OUTAGE[outage.reason]}.`,
    nextStep,
    violations: [],
  };
}
