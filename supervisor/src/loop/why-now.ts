import type { QueueReason } from "#queue/queue-entry.ts";
import { words } from "#tasks/task.ts";
import type { Run } from "./run.ts";

const WHY: Record<QueueReason, string> = {
  created: "The task was created.",
  moved: "A person moved the task back to todo.",
  comment: "A person commented on the task.",
  retry: "An earlier attempt did not work.",
  rejected: "The work was rejected.",
  dependency_ready: "What the task depends on is done.",
  children_done: "The task's children are done.",
  schedule: "A schedule started the task.",
  manual: "A person started the task.",
};

/** Why the agent runs now, for its input: the run's reason, the pass, and what went wrong before. */
export function whyNow({ reason, passNumber, streak }: Pick<Run, "reason" | "passNumber" | "streak">): string {
  const pass = passNumber > 1 ? ` This is pass ${passNumber}: in the pass before, somebody commented.` : "";
  const retry =
    streak.count === 0
      ? ""
      : ` This is attempt ${streak.count + 1} of this step; the last one ended as "${words(streak.outcome)}": the newest comment by System says more.`;
  return `${WHY[reason]}${pass}${retry}`;
}
