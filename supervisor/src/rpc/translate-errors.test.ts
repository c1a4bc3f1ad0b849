import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { EventService } from "@malamar/proto/malamar/v1/event_service_pb";
import { ProblemKind, ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { expect, test } from "vitest";
import { Problem, type ProblemKind as Kind } from "#errors/problem.ts";
import { problemToConnect } from "./problem-to-connect.ts";
import { translateErrors } from "./translate-errors.ts";
import { PROBLEM_KIND } from "./wire-words.ts";

const problem = new Problem("wrong_state", "task_done", "MAL-1 is done; nothing was changed.", "Move it to todo.", [
  { field: "status", description: "is done" },
]);

/** Calls a service that throws, once before and once in the middle of its answer. */
function failing(error: unknown) {
  const logged: { call: string; err: unknown }[] = [];
  const log = { debug: () => {}, error: (line: { call: string; err: unknown }) => void logged.push(line) };
  const transport = createRouterTransport(
    (router) => {
      router.service(TaskService, {
        getTask() {
          throw error;
        },
      });
      router.service(EventService, {
        async *watchEvents() {
          yield { message: { case: "heartbeat", value: {} }, cursor: "1" };
          throw error;
        },
      });
    },
    { router: { interceptors: [translateErrors(log)] } },
  );
  const unary = () => createClient(TaskService, transport).getTask({ id: "x" });
  const stream = async () => {
    const cursors: string[] = [];
    try {
      for await (const { cursor } of createClient(EventService, transport).watchEvents({})) cursors.push(cursor);
    } finally {
      expect(cursors).toEqual(["1"]);
    }
  };
  return { logged, calls: [unary, stream] };
}

const caught = (call: () => Promise<unknown>): Promise<ConnectError> =>
  call().then(() => Promise.reject(new Error("It was not refused.")), ConnectError.from);

test.each([0, 1])("a problem reaches the caller whole, before the answer and in the middle of a stream (%i)", async (which) => {
  const { calls, logged } = failing(problem);
  const error = await caught(calls[which] ?? (() => Promise.resolve()));
  expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "MAL-1 is done; nothing was changed." });
  expect(error.findDetails(ProblemSchema)).toMatchObject([
    {
      kind: ProblemKind.WRONG_STATE,
      reason: "task_done",
      nextStep: "Move it to todo.",
      violations: [{ field: "status", description: "is done" }],
    },
  ]);
  expect(logged).toEqual([]);
});

test.each([0, 1])("a bug is logged whole and told as little as possible, in a stream too (%i)", async (which) => {
  const bug = new TypeError("password of /home/me is undefined");
  const { calls, logged } = failing(bug);
  const error = await caught(calls[which] ?? (() => Promise.resolve()));
  expect(error.code).toBe(Code.Internal);
  expect(error.message).not.toContain("/home/me");
  expect(error.rawMessage).toContain("The supervisor's log says more");
  expect(logged).toEqual([{ call: `malamar.v1.${which === 0 ? "TaskService/GetTask" : "EventService/WatchEvents"}`, err: bug }]);
});

test("what Connect says itself passes as it is", async () => {
  const { calls, logged } = failing(new ConnectError("too slow", Code.DeadlineExceeded));
  expect(await caught(calls[1] ?? (() => Promise.resolve()))).toMatchObject({ code: Code.DeadlineExceeded, rawMessage: "too slow" });
  expect(logged).toEqual([]);
});

test("every kind of problem has its code, and a changed version is told apart from something that exists", () => {
  const codes = (Object.keys(PROBLEM_KIND) as Kind[]).map((kind) => [kind, Code[problemToConnect(new Problem(kind, "r", "m", "n")).code]]);
  expect(Object.fromEntries(codes)).toEqual({
    not_found: "NotFound",
    invalid: "InvalidArgument",
    conflict: "AlreadyExists",
    wrong_state: "FailedPrecondition",
    busy: "Unavailable",
    unavailable: "Unavailable",
    unauthenticated: "Unauthenticated",
    forbidden: "PermissionDenied",
    exhausted: "ResourceExhausted",
  });
  expect(problemToConnect(new Problem("conflict", "version_changed", "m", "n")).code).toBe(Code.Aborted);
});
