import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TaskAttention, TaskStatus } from "@malamar/proto/malamar/v1/task_pb";
import { toProblem } from "@malamar/sdk/problem";
import { eventually } from "#eventually.ts";
import { isAlive } from "#processes.ts";
import type { Server } from "#start-malamar.ts";
import { comments, createTeam, executions, reachesReview, type Team } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual } from "./expect.ts";
import { databaseFiles, trace } from "./strace.ts";
import { CALLS, type KillPoint, killPoints, snapshot, some } from "./sweep.ts";

interface Story {
  name: string;
  agents: Record<string, string[]>;
  /** What happens before the first point. */
  before?: (stage: Stage) => Promise<void>;
  /** What goes on while points are passed. Repeated after the death; has to be repeatable. */
  play: (stage: Stage) => Promise<void>;
  /** How it all has to end. */
  end: (stage: Stage) => Promise<void>;
}

interface Stage {
  server: Server;
  team: Team;
  taskId: string;
}

/** Answers repeat calls of a client that got no answer: the same key, the same task. */
async function makeTask(stage: Stage): Promise<void> {
  const { server, team } = stage;
  const { task } = await server.api.tasks.createTask({ workspaceId: team.workspace.id, summary: "The work", idempotencyKey: "the task" });
  stage.taskId = task?.id ?? "";
}

const begun = async (stage: Stage) => {
  await makeTask(stage);
  await stage.team.turn("First", 1);
};

const turnsOf = ({ team }: Stage, ...names: string[]): number[] => names.map((name) => team.turns(name).length);

const STORIES: Story[] = [
  {
    name: "two agents, two passes",
    agents: { First: ["comment One.", "skip"], Second: ["comment Two.", "skip"] },
    async play(stage) {
      await makeTask(stage);
      await reachesReview(stage.server, stage.taskId, 20_000);
    },
    async end(stage) {
      expectEqual("what was said", await comments(stage.server, stage.taskId), ["First: One.", "Second: Two."]);
      expectEqual("turns that were played", turnsOf(stage, "First", "Second"), [2, 2]);
    },
  },
  {
    name: "an error and its retry",
    agents: { First: ["crash 3", "comment Now it works.", "skip"] },
    async play(stage) {
      await makeTask(stage);
      await reachesReview(stage.server, stage.taskId, 20_000);
    },
    async end(stage) {
      const said = (await comments(stage.server, stage.taskId)).filter((line) => line.startsWith("First"));
      expectEqual("what was said", said, ["First: Now it works."]);
      expectEqual("turns that were played", turnsOf(stage, "First"), [3]);
      expectEqual("executions", (await executions(stage.server, stage.taskId)).length, 3);
    },
  },
  {
    name: "cancel",
    agents: { First: ["wait never ; comment Not to be seen."] },
    before: begun,
    async play({ server, taskId }) {
      await server.api.tasks.cancelTask({ id: taskId }).catch((error: unknown) => {
        if (toProblem(error).kind !== "wrong_state") throw error;
      });
      await reachesReview(server, taskId, 20_000);
    },
    async end(stage) {
      const { task } = await stage.server.api.tasks.getTask({ id: stage.taskId });
      expectEqual("attention", task?.attention, TaskAttention.CANCELLED);
      expectEqual("what was said", await comments(stage.server, stage.taskId), ["System: Task cancelled by user."]);
      expectEqual("turns that were played", turnsOf(stage, "First"), [1]);
    },
  },
  {
    name: "delete while it runs",
    agents: { First: ["wait never"] },
    before: begun,
    async play({ server, taskId }) {
      const gone = async () =>
        server.api.tasks.deleteTask({ id: taskId }).then(
          () => false,
          (error: unknown) => {
            if (toProblem(error).kind !== "not_found") throw error;
            return true;
          },
        );
      await eventually("the task is deleted", gone, { every: 100 });
    },
    async end({ server }) {
      expectEqual("tasks", (await server.api.tasks.listTasks({})).tasks, []);
    },
  },
  {
    name: "move to review, comment, done",
    agents: { First: ["wait never", "skip"] },
    before: begun,
    async play({ server, taskId }) {
      const { task } = await server.api.tasks.getTask({ id: taskId });
      if (task?.status === TaskStatus.DONE) return;
      if (task?.commentCount === 0) {
        await server.api.tasks.moveTask({ id: taskId, status: TaskStatus.IN_REVIEW }).catch((error: unknown) => {
          if (toProblem(error).kind !== "wrong_state") throw error;
        });
        await reachesReview(server, taskId, 20_000);
      }
      await server.api.tasks.createComment({ taskId, content: "Go on.", idempotencyKey: "go on" });
      await eventually("it was looked at again and converged", async () => {
        const { task } = await server.api.tasks.getTask({ id: taskId });
        return task?.status === TaskStatus.IN_REVIEW && task.attention === TaskAttention.CONVERGED;
      });
      await server.api.tasks.moveTask({ id: taskId, status: TaskStatus.DONE });
    },
    async end(stage) {
      const { task } = await stage.server.api.tasks.getTask({ id: stage.taskId });
      expectEqual("status", task?.status, TaskStatus.DONE);
      expectEqual("what was said", await comments(stage.server, stage.taskId), ["User: Go on."]);
      expectEqual("turns that were played", turnsOf(stage, "First"), [2]);
    },
  },
];

export default {
  id: "A1b",
  title: "kill -9 of the supervisor at any write of a step: the runners carry on, every answer is applied once, every run ends",
  needs: ["strace"],
  async run(context) {
    for (const story of STORIES) await sweep(context, story);
  },
} satisfies Fault;

async function sweep(context: FaultContext, story: Story): Promise<void> {
  const server = await context.startMalamar({ config: { warmSpare: false, runnerIdle: "1s" } });
  const team = await createTeam(server, story.agents);
  const stage: Stage = { server, team, taskId: "" };
  await server.stop("SIGINT");
  const template = snapshot(server.dataDir, `${context.folder}/template-${STORIES.indexOf(story)}`);
  const all = await play(context, story, stage, template);
  const points = some(context, all, 2);
  for (const point of points) await play(context, story, stage, template, point);
  context.log(`${story.name}: ${points.length} of ${all.length} points`);
  await server.end();
}

/** One life, with a death in it when a point is given. */
async function play(
  context: FaultContext,
  { name, before, play, end }: Story,
  stage: Stage,
  template: { restore(): void },
  point?: KillPoint,
): Promise<KillPoint[]> {
  const { server } = stage;
  template.restore();
  for (const file of readdirSync(server.folder, { recursive: true, encoding: "utf8" })) {
    if (file.startsWith("scenario-") && file.endsWith(".turns")) rmSync(join(server.folder, file));
  }
  await server.start();
  await before?.(stage);
  const pid = server.pid();
  const tracing = await trace(context, pid, {
    calls: point?.call ?? CALLS.join(","),
    files: databaseFiles(server.dataDir),
    ...(point && { inject: `${point.call}:signal=KILL:when=${point.count}` }),
  });
  let points: KillPoint[] = [];
  try {
    let ended = false;
    const played = play(stage)
      .catch((error: unknown) => error as Error)
      .finally(() => (ended = true));
    if (point === undefined) {
      const error = await played;
      if (error instanceof Error) throw error;
      points = killPoints(tracing.calls(), pid).filter(({ during }) => during === "commit");
    } else {
      const what = `${point.call} ${point.count}`;
      while (!ended && isAlive(pid)) await sleep(10);
      await tracing.detach();
      const error = await played;
      // Commits share their writes as it happens, so that the last points are not reached each time.
      if (isAlive(pid)) context.count("points not reached");
      else context.count("kill points");
      if (isAlive(pid) && error instanceof Error) throw error;
      if (!isAlive(pid)) {
        await server.stop();
        await server.start();
        await play(stage);
      }
      await end(stage).catch((reason: unknown) => {
        throw new Error(`${name}, killed at ${what}: ${(reason as Error).message}`, { cause: reason });
      });
    }
  } finally {
    await tracing.detach();
  }
  if (point === undefined) await end(stage);
  await server.stop("SIGINT");
  return points;
}
