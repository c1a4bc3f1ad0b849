import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import type { Pause } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Task } from "@malamar/proto/malamar/v1/task_pb";
import { fields } from "#output/fields.ts";
import { type Look, paint } from "#output/look.ts";
import { type Column, table } from "#output/table.ts";
import { between, exactly, relative } from "#output/time.ts";
import { wordOf } from "#output/words.ts";
import { resultOf } from "#views/execution.ts";
import { stateOf, styleOf } from "#views/task.ts";
import type { Status } from "./read-status.ts";

/** The overview for people: the installation, what runs, what waits and why, what needs a person, what is paused. */
export function statusText({ system, workspaces, running, waiting, review }: Status, url: string, look: Look): string {
  const titleOf = (id: string) => workspaces.find((workspace) => workspace.id === id)?.title ?? "";
  const place = <T extends { task: Task }>(): Column<T>[] =>
    workspaces.length > 1 ? [{ title: "WORKSPACE", value: ({ task }) => titleOf(task.workspaceId), flexible: true }] : [];
  const head = fields(
    [
      { title: "Malamar", value: `${system.version} at ${url}`, style: "bold" },
      { title: "Up", value: between(system.startedAt, undefined, look.now) },
      { title: "Data", value: system.dataDirectory },
      { title: "Workspaces", value: workspaces.map(({ title, paused }) => `${title}${paused ? " (paused)" : ""}`).join(", ") || "none" },
      { title: "CLIs", value: system.clis.map(({ name }) => name).join(", ") || "none" },
      {
        title: "Runners",
        value: `${system.runners.filter(({ attached }) => attached).length} attached, ${system.liveExecutions} executions live`,
      },
    ],
    [],
    look,
  );
  return [
    head,
    section("Paused", pauseColumns(titleOf), system.pauses, look),
    section(
      "Runs now",
      [
        { title: "KEY", value: ({ task }) => task.key },
        ...place<(typeof running)[number]>(),
        { title: "PASS", align: "right", value: ({ execution }) => String(execution.passNumber) },
        { title: "AGENT", value: ({ execution }) => execution.agentName },
        {
          title: "STATE",
          value: ({ execution }) => `${resultOf(execution)}${execution.silent ? ", silent" : ""}`,
          style: ({ execution }) => (execution.silent ? "yellow" : "cyan"),
        },
        { title: "FOR", align: "right", value: ({ execution }) => between(execution.startedAt ?? execution.leasedAt, undefined, look.now) },
        { title: "SUMMARY", value: ({ task }) => task.summary, flexible: true },
      ],
      running,
      look,
    ),
    section(
      "Waits",
      [
        { title: "KEY", value: ({ task }) => task.key },
        ...place<(typeof waiting)[number]>(),
        { title: "SUMMARY", value: ({ task }) => task.summary, flexible: true },
        { title: "WHY", value: ({ explanation }) => explanation?.sentence ?? "", flexible: true },
      ],
      waiting,
      look,
    ),
    section(
      "Needs you",
      [
        { title: "KEY", value: ({ task }) => task.key },
        ...place<{ task: Task }>(),
        { title: "STATUS", value: ({ task }) => stateOf(task), style: ({ task }) => styleOf(task) },
        { title: "SINCE", value: ({ task }) => relative(task.updatedAt, look.now) },
        { title: "SUMMARY", value: ({ task }) => task.summary, flexible: true },
        { title: "DETAIL", value: ({ task }) => task.attentionDetail, flexible: true },
      ],
      review.map((task) => ({ task })),
      look,
    ),
  ].join("");
}

function pauseColumns(titleOf: (id: string) => string): Column<Pause>[] {
  return [
    { title: "WHAT", value: ({ resource, resourceId }) => `${resource} ${titleOf(resourceId) || resourceId}` },
    { title: "CAUSE", value: ({ cause }) => wordOf(ExecutionOutcome, cause), style: () => "yellow" },
    { title: "NEXT ATTEMPT", value: ({ until }, { now }) => exactly(until, now) },
    { title: "DETAIL", value: ({ detail }) => detail, flexible: true },
  ];
}

function section<T>(title: string, columns: readonly Column<T>[], items: readonly T[], look: Look): string {
  return items.length === 0 ? "" : `\n${paint(look, "bold", title)}\n${table(columns, items, look)}`;
}
