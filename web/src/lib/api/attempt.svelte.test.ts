import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { refused } from "../../../fixtures/memory-malamar.ts";
import { Attempt, SEND_AGAIN } from "./attempt.svelte.ts";

test("a refusal is kept with its next step until the next attempt works", async () => {
  const attempt = new Attempt();
  const refusal = refused(Code.FailedPrecondition, "task_not_running", "MAL-1 is not in progress.", "Move it to done.");
  expect(await attempt.run(() => Promise.reject(refusal))).toBe(false);
  expect(attempt.problem).toMatchObject({ message: "MAL-1 is not in progress.", nextStep: "Move it to done." });
  expect(await attempt.run(() => Promise.resolve())).toBe(true);
  expect(attempt.problem).toBeUndefined();
});

test("while one order is under way a second click does nothing", async () => {
  const attempt = new Attempt();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = attempt.run(() => promise);
  let again = false;
  expect(await attempt.run(async () => void (again = true))).toBe(false);
  resolve();
  expect(await first).toBe(true);
  expect([again, attempt.busy]).toEqual([false, false]);
});

test("for what can be sent again it says so when no answer came", async () => {
  const attempt = new Attempt(SEND_AGAIN);
  const lost = new ConnectError("Failed to fetch", Code.Unknown, undefined, undefined, new TypeError("Failed to fetch"));
  await attempt.run(() => Promise.reject(lost));
  expect(attempt.problem).toMatchObject({ kind: "unreachable", nextStep: SEND_AGAIN });
});
