import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { TaskAttention, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { becomes, comments, createTeam, executions, say } from "../team.ts";
import { useMalamar } from "../use-malamar.ts";

const server = useMalamar();
const ROUNDS = 20;

/** Everything that was said must have been in the input of a later execution of each agent that converged. */
const converged = (runs: number) => (task: { attention: TaskAttention; status: TaskStatus; runNumber: number }) =>
  task.status === TaskStatus.IN_REVIEW && task.attention === TaskAttention.CONVERGED && task.runNumber >= runs;

test(`L02: a comment while the last agent of an all-skip pass works brings another pass, ${ROUNDS} times out of ${ROUNDS}`, async () => {
  const team = await createTeam(server, { First: [], Last: ["wait go ; skip", "tell"] });
  const tasks = [];
  for (let round = 0; round < ROUNDS; round++) {
    const lane = await createTeam(server, { First: [], Last: ["wait go ; skip", "tell"] });
    tasks.push({ lane, task: await lane.task() });
    // A few at a time, so that the machine is not the test.
    if (tasks.length === 4) await Promise.all(tasks.splice(0).map(({ lane, task }) => round4(lane, task.id)));
  }
  expect(team.workspace.id).not.toBe("");
});

async function round4(lane: Awaited<ReturnType<typeof createTeam>>, id: string): Promise<void> {
  await lane.turn("Last", 1);
  await say(server, id, "One more thing.");
  lane.open("go");
  await becomes(server, id, "converged", converged(1));
  const said = await comments(server, id);
  expect(said[0]).toBe("User: One more thing.");
  expect(said[1]).toContain("comments 1");
  const passes = (await executions(server, id)).map((each) => `${each.runNumber}.${each.passNumber} ${each.agentName}`);
  expect(passes.slice(0, 4)).toEqual(["1.1 First", "1.1 Last", "1.2 First", "1.2 Last"]);
}

test(`L02: a comment in the very instant in which the last agent ends is never lost, ${ROUNDS} times out of ${ROUNDS}`, async () => {
  const team = await createTeam(server, { Last: [] });
  for (let round = 0; round < ROUNDS; round++) {
    team.plays(
      "Last",
      Array.from({ length: 3 * ROUNDS }, () => "skip"),
    );
    const { id } = await team.task(`Round ${round}`);
    // Watches the step from close by and speaks somewhere around its end, a little later each time.
    await eventually("the step has begun", async () => (await executions(server, id)).length > 0, { every: 1 });
    await sleep(round * 2);
    await say(server, id, `Instant ${round}`);
    await becomes(server, id, "converged", converged(1));
    // Whichever side of the decision it fell on: an execution began after it, and that one was given it.
    const { comments: said } = await server.api.tasks.listComments({ taskId: id });
    const at = said[0]?.createdAt;
    const ran = await executions(server, id);
    const later = ran.filter(({ leasedAt, state }) => state === ExecutionState.ENDED && millis(leasedAt) >= millis(at));
    expect(later.length, `no agent was given the comment of round ${round}`).toBeGreaterThan(0);
  }
});

function millis(time: { seconds: bigint; nanos: number } | undefined): number {
  return Number(time?.seconds ?? 0n) * 1000 + (time?.nanos ?? 0) / 1e6;
}
