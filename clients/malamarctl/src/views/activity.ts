import { type Activity, ActivityKind, ActivitySchema } from "@malamar/proto/malamar/v1/task_pb";
import type { View } from "#output/print.ts";
import { exactly, relative } from "#output/time.ts";
import { wordOf } from "#output/words.ts";
import { nameOf } from "./actor.ts";

export const activityView: View<Activity> = {
  schema: ActivitySchema,
  plural: "activities",
  name: ({ sequence }) => String(sequence),
  columns: [
    { title: "TIME", value: ({ createdAt }, { now }) => relative(createdAt, now) },
    { title: "ACTOR", value: ({ actor }) => nameOf(actor) },
    { title: "ACTIVITY", value: ({ kind }) => wordOf(ActivityKind, kind) },
    { title: "DETAIL", value: ({ detail }) => detailOf(detail), flexible: true },
  ],
  fields: (activity, { now }) => [
    { title: "Time", value: exactly(activity.createdAt, now) },
    { title: "Actor", value: nameOf(activity.actor) },
    { title: "Activity", value: wordOf(ActivityKind, activity.kind) },
    { title: "Detail", value: detailOf(activity.detail) },
  ],
  sections: () => [],
};

function detailOf(detail: Readonly<Record<string, string>>): string {
  return Object.keys(detail)
    .toSorted()
    .map((key) => `${key}=${detail[key]}`)
    .join(" ");
}
