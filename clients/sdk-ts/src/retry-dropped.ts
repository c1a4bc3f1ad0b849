import { ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { outageOf } from "./outage.ts";

const READ = /^(Get|List|Explain)/;

/**
 * Repeats a call once when its connection broke under it, typically a kept-alive one that the server closed in the same instant.
 * Only calls that change nothing the second time: reads, and creates that carry an idempotency key.
 */
export const retryDropped: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    if (request.stream || request.signal.aborted || !isRepeatable(request)) throw error;
    const outage = outageOf(ConnectError.from(error));
    if (outage?.reason !== "connection_lost" && outage?.reason !== "network") throw error;
    return await next(request);
  }
};

function isRepeatable(request: UnaryRequest): boolean {
  return READ.test(request.method.name) || ("idempotencyKey" in request.message && request.message.idempotencyKey !== "");
}
