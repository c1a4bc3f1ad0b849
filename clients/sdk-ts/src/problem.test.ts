import { createServer, type RequestListener } from "node:http";
import { fromJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { ProblemKind, ProblemSchema } from "@malamar/proto/malamar/v1/problem_pb";
import { TaskService } from "@malamar/proto/malamar/v1/task_service_pb";
import { expect, test } from "vitest";
import { createNodeMalamar } from "./node.ts";
import { toProblem } from "./problem.ts";
import { createMalamar, type Malamar } from "./sdk.ts";
import { createWebMalamar } from "./web.ts";

async function problemOf(malamar: Malamar) {
  const error: unknown = await malamar.tasks.getTask({ id: "MAL-1" }).catch((reason: unknown) => reason);
  return toProblem(error);
}

async function withServer<T>(listener: RequestListener, act: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    return await act(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function refusing(error: ConnectError): Malamar {
  const transport = createRouterTransport((router) =>
    router.service(TaskService, {
      getTask: () => {
        throw error;
      },
    }),
  );
  return createMalamar({ transport });
}

test("a refusal arrives with kind, reason, sentence, next step and offending fields", async () => {
  const detail = {
    desc: ProblemSchema,
    value: {
      kind: ProblemKind.INVALID,
      reason: "invalid_fields",
      nextStep: "Shorten the summary.",
      violations: [{ field: "summary", description: "is longer than 255 characters" }],
    },
  };
  const error = new ConnectError("The task was not created.", Code.InvalidArgument, undefined, [detail]);
  expect(await problemOf(refusing(error))).toEqual({
    kind: "invalid",
    reason: "invalid_fields",
    message: "The task was not created.",
    nextStep: "Shorten the summary.",
    violations: [{ field: "summary", description: "is longer than 255 characters" }],
  });
});

test("a kind that this client does not know yet falls back to the code", async () => {
  const detail = { desc: ProblemSchema, value: fromJson(ProblemSchema, { kind: 99, reason: "of_the_future" }) };
  const problem = await problemOf(refusing(new ConnectError("no", Code.NotFound, undefined, [detail])));
  expect(problem).toMatchObject({ kind: "not_found", reason: "of_the_future" });
});

test("an error without a detail keeps its code", async () => {
  expect(await problemOf(refusing(new ConnectError("the plan is full", Code.ResourceExhausted)))).toMatchObject({
    kind: "exhausted",
    reason: "code_resourceexhausted",
    message: "the plan is full",
  });
});

test("nobody listening is unreachable, and nothing was changed", async () => {
  const url = await withServer(
    () => undefined,
    (free) => Promise.resolve(free),
  );
  expect(await problemOf(createNodeMalamar({ url }))).toMatchObject({
    kind: "unreachable",
    reason: "connection_refused",
    message: "Malamar did not answer: nobody answers at this address.",
  });
  expect(await problemOf(createWebMalamar({ baseUrl: url }))).toMatchObject({ kind: "unreachable", reason: "connection_refused" });
});

test("an unknown host is unreachable", async () => {
  expect(await problemOf(createNodeMalamar({ url: "http://nowhere.invalid:3456" }))).toMatchObject({
    kind: "unreachable",
    reason: "host_not_found",
  });
});

test("a connection that breaks is unreachable, and the caller is told to look before repeating", async () => {
  const problem = await withServer(
    (_request, response) => response.destroy(),
    (url) => problemOf(createNodeMalamar({ url })),
  );
  expect(problem).toMatchObject({ kind: "unreachable", reason: "connection_lost" });
  expect(problem.nextStep).toContain("look whether it did");
});

test("a server that never answers is unreachable after the time limit", async () => {
  const problem = await withServer(
    () => undefined,
    (url) => problemOf(createNodeMalamar({ url, timeoutMs: 100 })),
  );
  expect(problem).toMatchObject({ kind: "unreachable", reason: "timed_out" });
});

test("another web server at the address is unsupported", async () => {
  const problem = await withServer(
    (_request, response) => response.writeHead(404).end("not here"),
    (url) => problemOf(createNodeMalamar({ url })),
  );
  expect(problem.kind).toBe("unsupported");
});

test("a proxy without a server behind it is unavailable", async () => {
  const problem = await withServer(
    (_request, response) => response.writeHead(502).end(),
    (url) => problemOf(createNodeMalamar({ url })),
  );
  expect(problem.kind).toBe("unavailable");
});

test("what is no call's error is a fault of our own", () => {
  expect(toProblem(new RangeError("oops"))).toEqual({ kind: "internal", reason: "bug", message: "oops", nextStep: "", violations: [] });
});
