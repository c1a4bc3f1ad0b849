import type { TimeLimits } from "@malamar/proto/malamar/v1/workspace_pb";
import { DirectoryMode, QueueOrder, type Workspace, WorkspaceSchema } from "@malamar/proto/malamar/v1/workspace_pb";
import { durationText } from "#options/duration.ts";
import type { Field } from "#output/fields.ts";
import type { View } from "#output/print.ts";
import { exactly, relative } from "#output/time.ts";
import { wordOf } from "#output/words.ts";

export const workspaceView: View<Workspace> = {
  schema: WorkspaceSchema,
  plural: "workspaces",
  name: ({ id }) => id,
  columns: [
    { title: "TITLE", value: ({ title }) => title, flexible: true },
    { title: "PREFIX", optional: true, value: ({ prefix }) => prefix },
    { title: "TODO", align: "right", value: ({ taskCounts }) => String(taskCounts?.todo ?? 0) },
    { title: "IN PROGRESS", align: "right", value: ({ taskCounts }) => String(taskCounts?.inProgress ?? 0) },
    { title: "IN REVIEW", align: "right", value: ({ taskCounts }) => String(taskCounts?.inReview ?? 0) },
    { title: "DONE", align: "right", value: ({ taskCounts }) => String(taskCounts?.done ?? 0) },
    { title: "PAUSED", value: ({ paused }) => (paused ? "paused" : ""), style: () => "yellow" },
    { title: "ACTIVE", optional: true, value: ({ lastActivityAt }, { now }) => relative(lastActivityAt, now) },
    { title: "ID", optional: true, value: ({ id }) => id },
  ],
  fields: (workspace, { now }) => [
    { title: "Title", value: workspace.title, style: "bold" },
    { title: "Id", value: workspace.id },
    { title: "Prefix", value: workspace.prefix },
    { title: "Tasks", value: countsOf(workspace) },
    { title: "Paused", value: workspace.paused ? "yes: no new step starts" : "", style: "yellow" },
    { title: "Directory", value: directoryOf(workspace) },
    { title: "Queue", value: wordOf(QueueOrder, workspace.queueOrder) },
    {
      title: "Breaker",
      value: workspace.breakerLimit === 0 ? "never" : `after ${workspace.breakerLimit} identical errors of one agent in a row`,
    },
    ...limitFields(workspace.limits),
    { title: "Active", value: exactly(workspace.lastActivityAt, now) },
    { title: "Created", value: exactly(workspace.createdAt, now) },
    { title: "Updated", value: exactly(workspace.updatedAt, now) },
    { title: "Version", value: String(workspace.version) },
  ],
  sections: ({ description }) => [{ title: "Instruction for every agent", text: description }],
};

export function limitFields(limits: TimeLimits | undefined): Field[] {
  return [
    { title: "Time limit", value: durationText(limits?.timeLimit, "none", "") },
    { title: "Silence warning", value: durationText(limits?.silenceWarning, "never", "") },
    { title: "Silence limit", value: durationText(limits?.silenceLimit, "never", "") },
  ];
}

function countsOf({ taskCounts }: Workspace): string {
  if (taskCounts === undefined) return "";
  const { todo, inProgress, inReview, done } = taskCounts;
  return `${todo} todo, ${inProgress} in progress, ${inReview} in review, ${done} done`;
}

function directoryOf({ directoryMode, directoryPath }: Workspace): string {
  const mode = wordOf(DirectoryMode, directoryMode);
  return directoryPath === "" ? mode : `${mode}: ${directoryPath}`;
}
