import { Code, type ConnectError } from "@connectrpc/connect";

/** Why a call got no complete answer although the server may be fine. `sent: false` means that the request never left. */
export interface Outage {
  reason: "connection_refused" | "host_not_found" | "no_route" | "connection_lost" | "timed_out" | "network";
  sent: boolean;
}

const REFUSED: Outage = { reason: "connection_refused", sent: false };
const NOT_FOUND: Outage = { reason: "host_not_found", sent: false };
const NO_ROUTE: Outage = { reason: "no_route", sent: false };
const LOST: Outage = { reason: "connection_lost", sent: true };
const NETWORK: Outage = { reason: "network", sent: true };

const BY_ERRNO: Record<string, Outage> = {
  ECONNREFUSED: REFUSED,
  ENOTFOUND: NOT_FOUND,
  EAI_AGAIN: NOT_FOUND,
  EHOSTUNREACH: NO_ROUTE,
  EHOSTDOWN: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ETIMEDOUT: NO_ROUTE,
  ECONNRESET: LOST,
  EPIPE: LOST,
  ERR_STREAM_DESTROYED: LOST,
  ERR_STREAM_PREMATURE_CLOSE: LOST,
  UND_ERR_SOCKET: LOST,
};

/** Undefined when the server answered, be it with an error. */
export function outageOf(error: ConnectError): Outage | undefined {
  // A missing answer reads the same whether our own timer or the server's noticed it.
  if (error.code === Code.DeadlineExceeded) return { reason: "timed_out", sent: true };
  if (error.code === Code.Canceled) return undefined;
  const causes = causesOf(error);
  for (const cause of causes) {
    const known = BY_ERRNO[errnoOf(cause)];
    if (known !== undefined) return known;
  }
  // Browsers tell a page nothing but "TypeError: Failed to fetch"; TLS and parser faults carry codes of their own.
  if (causes.some((cause) => cause instanceof TypeError || errnoOf(cause) !== "")) return NETWORK;
  return undefined;
}

/** Whether a stream that broke so is worth opening again. Everything else stays wrong however often it is tried. */
export function isRetryable(error: ConnectError): boolean {
  return error.code === Code.Unknown || error.code === Code.Unavailable || outageOf(error) !== undefined;
}

function causesOf(error: ConnectError): Error[] {
  const causes: Error[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error && !causes.includes(cause); cause = cause.cause) causes.push(cause);
  return causes;
}

function errnoOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
