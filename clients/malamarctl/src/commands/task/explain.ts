import { ExplanationSchema, WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { Command } from "commander";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { fields } from "#output/fields.ts";
import { jsonOf } from "#output/json.ts";
import { exactly } from "#output/time.ts";
import { wordOf } from "#output/words.ts";
import { received } from "#received.ts";
import { openSession } from "#session.ts";

export function explainTask(io: Io): Command {
  return new Command("explain")
    .description("Say what a task is doing, or why it is not running")
    .argument("<task>", "key or id")
    .action(async (text: string, _options: object, command: Command) => {
      const { malamar, print, look } = openSession(io, command);
      const { id, key } = await findTask(malamar, text);
      const explanation = received((await malamar.tasks.explainTask({ id })).explanation);
      const { reason, sentence, since, until, blockingTaskId, queuePosition } = explanation;
      const { now } = look();
      const blocking =
        blockingTaskId === "" ? undefined : (await malamar.tasks.getTask({ id: blockingTaskId }).catch(() => undefined))?.task;
      const facts = [
        { title: key, value: sentence },
        { title: "Reason", value: wordOf(WaitReason, reason) },
        { title: "Since", value: exactly(since, now) },
        { title: "Until", value: exactly(until, now) },
        { title: "Behind", value: blocking === undefined ? blockingTaskId : `${blocking.key} ${blocking.summary}` },
        { title: "In front", value: queuePosition === 0 ? "" : `${queuePosition} ${queuePosition === 1 ? "task" : "tasks"}` },
      ];
      await print.value(jsonOf(ExplanationSchema, explanation), () => fields(facts, [], look()), wordOf(WaitReason, reason));
    });
}
