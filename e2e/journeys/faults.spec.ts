import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { TaskAttention } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { becomes, comments, createTeam, executions, explain, read, reachesReview } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";
import { watch } from "../watching.ts";

const bin = join(process.env["TMPDIR"] ?? "/tmp", `malamar-e2e-bin-${process.pid}`);
const server = useMalamar({
  config: {
    clis: {
      absent: { command: [join(bin, "absent")] },
      picky: { command: ["/bin/sh", "-c", "echo ok >{output}"], successPattern: "^ALL GOOD$" },
      slow: { command: ["/bin/sh", "-c", "sleep 60"] },
    },
  },
});

const BAD = '{"actions":[{"type":"skip"}]}';

test.each<[string, string, ExecutionOutcome, string]>([
  ["no answer", "nothing", ExecutionOutcome.BAD_OUTPUT, "without writing its answer file"],
  ["an empty answer", "raw ", ExecutionOutcome.BAD_OUTPUT, "answer file is empty"],
  ["no JSON", "raw I think we are done", ExecutionOutcome.BAD_OUTPUT, "is not JSON"],
  ["half an answer", 'raw {"actions":[{"type":"comment"', ExecutionOutcome.BAD_OUTPUT, "is not JSON"],
  ["a list", "raw []", ExecutionOutcome.BAD_OUTPUT, "must be one object"],
  ["no action", 'raw {"actions":[]}', ExecutionOutcome.BAD_OUTPUT, "at least one action"],
  ["an unknown action", 'raw {"actions":[{"type":"dance"}]}', ExecutionOutcome.BAD_OUTPUT, 'unknown type "dance"'],
  ["an unknown field", 'raw {"actions":[{"type":"skip"}],"mood":1}', ExecutionOutcome.BAD_OUTPUT, 'unknown field "mood"'],
  ["a forbidden status", 'raw {"actions":[{"type":"change_status","status":"done"}]}', ExecutionOutcome.BAD_OUTPUT, "can only be"],
  ["an empty comment", 'raw {"actions":[{"type":"comment","content":" "}]}', ExecutionOutcome.BAD_OUTPUT, "not empty"],
  ["a skip in company", 'raw {"actions":[{"type":"skip"},{"type":"note","text":"x"}]}', ExecutionOutcome.BAD_OUTPUT, "stand alone"],
  ["a link as answer", "link /etc/hostname", ExecutionOutcome.BAD_OUTPUT, "not a regular file"],
  ["an exit code", "warn it hurts ; crash 3", ExecutionOutcome.EXIT_NONZERO, "it hurts"],
  ["an exit code beside a good answer", `raw ${BAD} ; crash 1`, ExecutionOutcome.EXIT_NONZERO, "exited with code 1"],
])("L04: %s is an error that is said, tried again, and never a skip", async (_name, turn, outcome, words) => {
  const team = await createTeam(server, { Worker: [turn, "tell"] });
  const { id } = await team.task();
  await reachesReview(server, id);
  const [first, second] = await executions(server, id);
  expect([first?.outcome, second?.outcome]).toEqual([outcome, ExecutionOutcome.FINISHED]);
  expect(first).toMatchObject({ outcomeDetail: expect.stringContaining(words), runNumber: 1, passNumber: 1, actions: [] });
  expect(second).toMatchObject({ runNumber: 1, passNumber: 1 });
  const { comments: said } = await server.api.tasks.listComments({ taskId: id });
  expect(said[0]).toMatchObject({ author: { name: "System" }, content: expect.stringContaining(words) });
  // The agent that tries again was told.
  expect(said[1]?.content).toContain("comments 1");
});

test("the same error again and again is one comment that counts, and ends in review with everything kept", async () => {
  const team = await createTeam(server, { Worker: Array.from({ length: 9 }, () => "warn broken ; crash 7") }, { breakerLimit: 3 });
  const { id } = await team.task();
  const stopped = await reachesReview(server, id);
  expect(stopped).toMatchObject({ attention: TaskAttention.ERROR, attentionDetail: "Worker failed" });
  expect(await executions(server, id)).toHaveLength(3);
  const { comments: said } = await server.api.tasks.listComments({ taskId: id });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchObject({ count: 3, content: expect.stringContaining("3 times in a row") });
  team.plays("Worker", ["", "", "", "skip"]);
  await server.api.tasks.createComment({ taskId: id, content: "It is repaired." });
  expect(await becomes(server, id, "converged", (task) => task.attention === TaskAttention.CONVERGED)).toMatchObject({ runNumber: 2 });
});

test("while one task waits for its retry another one works, and both end in review", async () => {
  const team = await createTeam(server, { Worker: ["crash 1", "wait go ; skip", "skip", "skip"] });
  const first = await team.task("fails first");
  await team.turn("Worker", 1);
  const second = await team.task("comes after");
  team.open("go");
  await Promise.all([first, second].map(({ id }) => reachesReview(server, id)));
  expect(await read(server, first.id)).toMatchObject({ attention: TaskAttention.CONVERGED, runNumber: 1 });
});

test("a CLI without its own final line has not finished", async () => {
  const team = await createTeam(server, { "Worker@picky": [] }, { breakerLimit: 1 });
  const { id } = await team.task();
  expect(await reachesReview(server, id)).toMatchObject({ attention: TaskAttention.ERROR });
  expect((await executions(server, id))[0]).toMatchObject({
    outcome: ExecutionOutcome.BAD_OUTPUT,
    outcomeDetail: expect.stringContaining("final line"),
  });
});

// The waits below are the product's own (5 to 60 s), so they pass side by side.
test.concurrent("L06: a CLI that is missing pauses itself, says so, and goes on when it is there", { timeout: 90_000 }, async () => {
  const team = await createTeam(server, { "Worker@absent": [], Other: [] }, { breakerLimit: 1 });
  const seen = await watch(server);
  const { id } = await team.task();
  const why = await eventually("the explanation says that the CLI is paused", async () => {
    const explanation = await explain(server, id);
    return explanation.reason === WaitReason.CLI_PAUSED && explanation;
  });
  expect(why.sentence).toContain("absent");
  expect(Number(why.until?.seconds)).toBeGreaterThan(Date.now() / 1000);
  expect((await executions(server, id))[0]).toMatchObject({ outcome: ExecutionOutcome.CLI_MISSING, pid: 0 });
  expect((await comments(server, id))[0]).toContain("counts against nobody");
  const { system } = await server.api.system.getSystem({});
  expect(system?.pauses).toContainEqual(
    expect.objectContaining({ resource: "cli", resourceId: "absent", cause: ExecutionOutcome.CLI_MISSING }),
  );
  await seen.sees("the system changed", ({ type }) => type === EventType.SYSTEM_CHANGED);
  seen.stop();
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "absent"), `#!/bin/sh\nexec ${join(import.meta.dirname, "../agents/agent.sh")}\n`);
  chmodSync(join(bin, "absent"), 0o755);
  expect(await reachesReview(server, id, 75_000)).toMatchObject({ attention: TaskAttention.CONVERGED, runNumber: 1 });
  const after = (await server.api.system.getSystem({})).system;
  expect(after?.pauses.filter(({ resourceId }) => resourceId === "absent")).toEqual([]);
  rmSync(bin, { recursive: true });
});

test.concurrent("a provider that is down pauses its CLI for all, counts against nobody, and is tried again by itself", async () => {
  const team = await createTeam(
    server,
    { "Worker@python": ["warn PROVIDER DOWN: 503 ; crash 1", "comment Back again."] },
    { breakerLimit: 1 },
  );
  const { id } = await team.task();
  await eventually("the CLI is paused", async () => (await explain(server, id)).reason === WaitReason.CLI_PAUSED);
  expect((await executions(server, id))[0]).toMatchObject({
    outcome: ExecutionOutcome.PROVIDER_UNAVAILABLE,
    outcomeDetail: "PROVIDER DOWN: 503",
  });
  await reachesReview(server, id, 30_000);
  expect(await comments(server, id)).toContain("Worker: Back again.");
});

test.concurrent("a workspace whose directory is gone waits, names it, and goes on when it is back", async () => {
  const folder = join(server.folder, "vanishing");
  mkdirSync(folder);
  const team = await createTeam(
    server,
    { Worker: ["write made.txt x ; skip", "write made.txt x ; skip"] },
    { directoryMode: 2, directoryPath: folder, breakerLimit: 1 },
  );
  rmSync(folder, { recursive: true });
  const { id } = await team.task();
  const why = await eventually("the explanation says that the workspace waits", async () => {
    const explanation = await explain(server, id);
    return explanation.reason === WaitReason.WORKSPACE_FAULT && explanation;
  });
  expect(why.sentence).toContain(folder);
  mkdirSync(folder);
  expect(await reachesReview(server, id, 30_000)).toMatchObject({ attention: TaskAttention.CONVERGED });
  expect(existsSync(join(folder, "made.txt"))).toBe(true);
});
