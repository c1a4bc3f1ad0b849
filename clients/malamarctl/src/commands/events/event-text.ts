import { type Event, EventType } from "@malamar/proto/malamar/v1/event_service_pb";
import { cleanLine } from "#output/clean.ts";
import { type Look, paint } from "#output/look.ts";
import { iso } from "#output/time.ts";
import { cut, pad } from "#output/width.ts";
import { wordOf } from "#output/words.ts";
import type { Session } from "#session.ts";
import { nameOf } from "#views/actor.ts";
import { resultOf } from "#views/execution.ts";
import { stateOf } from "#views/task.ts";

const TYPE_WIDTH = Math.max(...Object.keys(EventType).map(({ length }) => length));

/** Writes events as one line each. Comments and executions name their task only by id, so its key is looked up once. */
export function createEventText({ malamar }: Session) {
  const keys = new Map<string, string>();
  const keyOf = async (taskId: string): Promise<string> => {
    if (taskId === "") return "";
    const known = keys.get(taskId);
    if (known !== undefined) return known;
    const { task } = await malamar.tasks.getTask({ id: taskId }).catch(() => ({ task: undefined }));
    keys.set(taskId, task?.key ?? taskId);
    return task?.key ?? taskId;
  };
  return async (event: Event, look: Look): Promise<string> => {
    if (event.subject.case === "task") keys.set(event.taskId, event.subject.value.key);
    const time = event.time === undefined ? "" : iso(event.time);
    const what = [await keyOf(event.taskId), subjectText(event)].filter((text) => text !== "").join("  ");
    const head = `${paint(look, "dim", time)}  ${pad(wordOf(EventType, event.type), TYPE_WIDTH)}  `;
    const room = look.columns === undefined ? Infinity : Math.max(20, look.columns - time.length - TYPE_WIDTH - 4);
    return `${head}${cut(cleanLine(what), room)}`.trimEnd() + "\n";
  };
}

function subjectText({ subject, subjectId, taskId, workspaceId }: Event): string {
  switch (subject.case) {
    case "workspace":
      return subject.value.title;
    case "agent":
      return subject.value.name;
    case "task":
      return `${stateOf(subject.value)}  ${subject.value.summary}`;
    case "comment":
      return `${nameOf(subject.value.author)}: ${subject.value.content.trim()}`;
    case "execution":
      return `pass ${subject.value.passNumber}, ${subject.value.agentName}: ${resultOf(subject.value)}`;
    default:
      return [subjectId, taskId, workspaceId].find((id) => id !== "") === taskId ? "" : subjectId === "" ? workspaceId : subjectId;
  }
}
