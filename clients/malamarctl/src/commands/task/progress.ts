import type { Event } from "@malamar/proto/malamar/v1/event_service_pb";
import { ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { type Execution, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import type { Comment, Task } from "@malamar/proto/malamar/v1/task_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { cleanLine } from "#output/clean.ts";
import { cut } from "#output/width.ts";
import type { Session } from "#session.ts";
import { nameOf } from "#views/actor.ts";
import { resultOf } from "#views/execution.ts";

// These say nothing that the next event does not say better.
const SELF_EVIDENT: readonly WaitReason[] = [WaitReason.RUNNING, WaitReason.STARTING, WaitReason.REVIEW, WaitReason.DONE];
const COMMENT_WIDTH = 100;

/** Tells on stderr what happens to a task, each thing once. */
export function createProgress({ malamar, note }: Session, { id, key }: Task) {
  const said = new Set<string>();
  const once = async (what: string, text: string): Promise<void> => {
    if (text === "" || said.has(what)) return;
    said.add(what);
    await note(text);
  };
  let lastReason = "";
  return {
    async say({ subject }: Event): Promise<void> {
      if (subject.case === "execution") await once(`${subject.value.id} ${subject.value.state}`, executionText(subject.value));
      // Nobody needs to be told their own words.
      if (subject.case === "comment" && subject.value.author?.kind !== ActorKind.USER) {
        await once(`${subject.value.id} ${subject.value.count}`, commentText(subject.value));
      }
    },
    /** Says why nothing happens, when nothing does. */
    async whyNot(): Promise<void> {
      const { explanation } = await malamar.tasks.explainTask({ id }).catch(() => ({ explanation: undefined }));
      if (explanation === undefined || SELF_EVIDENT.includes(explanation.reason) || explanation.sentence === lastReason) return;
      lastReason = explanation.sentence;
      await note(`${key}: ${cleanLine(explanation.sentence)}`);
    },
  };
}

function executionText(execution: Execution): string {
  const where = `pass ${execution.passNumber}, ${cleanLine(execution.agentName)}`;
  if (execution.state === ExecutionState.RUNNING) return `${where}: working (execution ${execution.id})`;
  if (execution.state !== ExecutionState.ENDED) return "";
  const detail = execution.outcomeDetail === "" ? "" : ` – ${cleanLine(execution.outcomeDetail)}`;
  return `${where}: ${resultOf(execution)}${detail}`;
}

function commentText({ author, content, count }: Comment): string {
  const [first = ""] = content.trim().split("\n");
  const repeated = count > 1 ? ` (${count} times)` : "";
  return `${cleanLine(nameOf(author))} says: ${cut(cleanLine(first), COMMENT_WIDTH)}${repeated}`;
}
