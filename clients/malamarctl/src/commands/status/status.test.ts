import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { PauseSchema } from "@malamar/proto/malamar/v1/system_service_pb";
import { TaskAttention } from "@malamar/proto/malamar/v1/task_pb";
import { ExplanationSchema, WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTurn, toReview } from "#fake-malamar/play.ts";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { must, NOON } from "#fake-malamar/state.ts";

let malamar: FakeMalamar;
const ctl = (...args: string[]) => run(malamar.url, args);
const task = (number: number) => must(malamar.state.tasks, `t${String(number).padStart(20, "0")}`, "task");

beforeEach(async () => {
  malamar = await startFakeMalamar();
  await ctl("workspace", "create", "Malamar");
});
afterEach(() => malamar.stop());

test("an idle installation is told in a few lines", async () => {
  expect(await ctl("status")).toEqual({
    code: 0,
    out: `Malamar     9.8.7 at ${malamar.url}
Up          3h
Data        /home/me/.malamar
Workspaces  Malamar
CLIs        demo, claude
Runners     1 attached, 0 executions live
`,
    err: "",
  });
});

test("a busy one tells what is paused, what runs, what waits and why, and what needs a person", async () => {
  await ctl("workspace", "create", "Garden");
  await ctl("workspace", "update", "Garden", "--pause");
  for (const summary of ["Write the guide", "Paint the fence", "Draw the plan"]) await ctl("task", "create", summary, "-w", "Garden");
  const execution = startTurn(malamar.state, task(1), "Planner", 2);
  execution.startedAt = timestampFromMs(NOON - 240_000);
  execution.silent = true;
  toReview(malamar.state, task(2), TaskAttention.QUESTION, "Which colour?");
  const sentence = "MAL-1 has the slot; this one goes next.";
  malamar.state.explanations.set(task(3).id, create(ExplanationSchema, { reason: WaitReason.SLOT_TAKEN, sentence }));
  const until = timestampFromMs(NOON + 7_200_000);
  malamar.state.pauses.push(
    create(PauseSchema, { resource: "cli", resourceId: "claude", cause: ExecutionOutcome.USAGE_LIMIT, detail: "Resets at 14:00.", until }),
    create(PauseSchema, {
      resource: "workspace",
      resourceId: task(1).workspaceId,
      cause: ExecutionOutcome.SPAWN_FAILED,
      detail: "No directory.",
    }),
  );
  expect((await ctl("status")).out).toBe(`Malamar     9.8.7 at ${malamar.url}
Up          3h
Data        /home/me/.malamar
Workspaces  Garden (paused), Malamar
CLIs        demo, claude
Runners     1 attached, 1 executions live

Paused
WHAT              CAUSE         NEXT ATTEMPT                  DETAIL
cli claude        usage_limit   in 2h (2026-11-20T14:00:00Z)  Resets at 14:00.
workspace Garden  spawn_failed                                No directory.

Runs now
KEY    WORKSPACE  PASS  AGENT    STATE            FOR  SUMMARY
GAR-1  Garden        2  Planner  running, silent   4m  Write the guide

Waits
KEY    WORKSPACE  SUMMARY        WHY
GAR-3  Garden     Draw the plan  MAL-1 has the slot; this one goes next.

Needs you
KEY    WORKSPACE  STATUS                SINCE  SUMMARY          DETAIL
GAR-2  Garden     in_review (question)  now    Paint the fence  Which colour?
`);
  const json = JSON.parse((await ctl("status", "-o", "json")).out);
  expect(json).toMatchObject({
    system: { version: "9.8.7", pauses: [{ cause: "EXECUTION_OUTCOME_USAGE_LIMIT" }, {}] },
    running: [{ task: { key: "GAR-1" }, execution: { agentName: "Planner", silent: true } }],
    waiting: [{ task: { key: "GAR-3" }, explanation: { reason: "WAIT_REASON_SLOT_TAKEN" } }],
    review: [{ key: "GAR-2" }],
  });
});
