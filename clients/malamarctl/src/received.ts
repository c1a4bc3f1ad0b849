import { EXIT, Failure } from "./exit-code.ts";

/** The message that an answer must carry. Without it the server speaks another version of the contract. */
export function received<T>(message: T | undefined): T {
  if (message === undefined)
    throw new Failure(EXIT.failure, "the server's answer is empty", "Check that server and malamarctl have the same version.");
  return message;
}
