import { AnswerActionType, Containment, ExecutionOutcome, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { CliKind } from "@malamar/proto/malamar/v1/system_service_pb";
import { beforeEach, expect, test } from "vitest";
import { says, skip } from "#loop/play.ts";
import { openTestApi, refusal, type TestApi } from "./open-test-api.ts";

let api: TestApi;
beforeEach(() => void (api = openTestApi()));

test("an execution shows what it is of, then how it ended", async () => {
  const task = api.play.task();
  const started = api.play.start();
  const id = started?.id ?? "";
  const { execution } = await api.executions.getExecution({ id });
  expect(execution).toMatchObject({
    taskId: task.id,
    agentName: "Planner",
    cli: "demo",
    state: ExecutionState.RUNNING,
    outcome: ExecutionOutcome.UNSPECIFIED,
    containment: Containment.L0,
    runNumber: 1,
    passNumber: 1,
  });
  expect(execution?.startedAt).toBeDefined();
  expect([execution?.exitCode, execution?.usage, execution?.endedAt]).toEqual([undefined, undefined, undefined]);
  api.play.end(started, says("A plan."));
  expect((await api.executions.getExecution({ id })).execution).toMatchObject({
    state: ExecutionState.ENDED,
    outcome: ExecutionOutcome.FINISHED,
    exitCode: 0,
    actions: [{ type: AnswerActionType.COMMENT, content: "A plan." }],
  });
});

test("lists go newest first, by task or by workspace, page by page", async () => {
  const task = api.play.task();
  for (const answer of [says("one"), says("two"), skip]) api.play.turn(answer);
  const first = await api.executions.listExecutions({ taskId: task.id, pageSize: 2 });
  const second = await api.executions.listExecutions({ taskId: task.id, pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.executions, ...second.executions].map((each) => each.agentName)).toEqual(["Planner", "Implementer", "Planner"]);
  expect(second.nextPageToken).toBe("");
  expect((await api.executions.listExecutions({ workspaceId: api.play.workspaceId })).executions).toHaveLength(3);
});

test("a list is of one thing that exists", async () => {
  const { workspaceId } = api.play;
  expect(await refusal(api.executions.listExecutions({}))).toMatchObject({ fields: ["taskId"] });
  expect(await refusal(api.executions.listExecutions({ workspaceId, taskId: api.play.task().id }))).toMatchObject({ fields: ["taskId"] });
  expect(await refusal(api.executions.listExecutions({ taskId: "c".repeat(21) }))).toMatchObject({
    code: "NotFound",
    reason: "task_not_found",
  });
  expect(await refusal(api.executions.getExecution({ id: "c".repeat(21) }))).toMatchObject({
    code: "NotFound",
    reason: "execution_not_found",
  });
});

test("a log is asked for by a well-formed id", async () => {
  const tail = async (executionId: string) => {
    for await (const _ of api.executions.tailLog({ executionId })) break;
  };
  expect(await refusal(tail("?"))).toMatchObject({ fields: ["executionId"] });
  await expect(tail("d".repeat(21))).resolves.toBeUndefined();
});

test("the system says what it is, which CLIs there are and what lives", async () => {
  api.play.task();
  api.play.start();
  const { system } = await api.system.getSystem({});
  expect(system).toMatchObject({
    version: "1.2.3",
    installationId: "installation",
    dataDirectory: "/nonexistent/.malamar",
    clis: [{ name: "demo", kind: CliKind.DEMO }],
    pauses: [],
    runners: [],
    liveExecutions: 1,
  });
});

test("a pause shows its cause and its end", async () => {
  api.play.task();
  const started = api.play.start();
  api.play.end(started, { cause: "cli_missing", exitCode: null });
  const { system } = await api.system.getSystem({});
  expect(system?.pauses).toMatchObject([{ resource: "cli", resourceId: "demo", cause: ExecutionOutcome.CLI_MISSING }]);
  expect(system?.pauses[0]?.until).toBeDefined();
});
