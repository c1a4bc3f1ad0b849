import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { Problem } from "#errors/problem.ts";
import { isUntrustworthy } from "#store/storage-failure.ts";
import { problemToConnect } from "./problem-to-connect.ts";

const BUG =
  "Malamar failed while it answered. Everything stored before is kept; look again before you repeat the call. The supervisor's log says more.";

/**
 * Turns what a service throws into what a caller may see, and logs what is a bug. Inside streams too: an error thrown between
 * two messages passes no interceptor by itself, and would reach the caller bare and the log not at all.
 * @param onFatal for what a read found: the storage can no longer be trusted
 */
export function translateErrors(log: Pick<Logger, "debug" | "error">, onFatal: (error: unknown) => void = () => {}): Interceptor {
  return (next) => async (request) => {
    const call = `${request.service.typeName}/${request.method.name}`;
    const translate = (error: unknown): ConnectError => {
      if (error instanceof Problem) {
        log.debug({ call, reason: error.reason }, error.message);
        return problemToConnect(error);
      }
      // Connect's own: a malformed message, a deadline, a caller that left.
      if (error instanceof ConnectError) return error;
      if (isUntrustworthy(error)) onFatal(error);
      if (request.signal.aborted) return ConnectError.from(request.signal.reason, Code.Canceled);
      log.error({ call, err: error }, "a call failed because of a bug");
      return new ConnectError(BUG, Code.Internal);
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: translated(response.message, translate) } : response;
    } catch (error) {
      throw translate(error);
    }
  };
}

async function* translated<T>(messages: AsyncIterable<T>, translate: (error: unknown) => ConnectError): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw translate(error);
  }
}
