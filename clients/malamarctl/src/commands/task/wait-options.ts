import type { Task } from "@malamar/proto/malamar/v1/task_pb";
import { type Command, Option } from "commander";
import { EXIT, Failure } from "#exit-code.ts";
import { secondsOf } from "#options/duration.ts";
import type { Session } from "#session.ts";
import { stateOf, taskView } from "#views/task.ts";
import { verdictOf } from "./wait-verdict.ts";

export interface WaitOptions {
  until: "in_review" | "done";
  /** Seconds. */
  timeout?: number;
}

export function withWaitOptions(command: Command, when: string): Command {
  return command
    .addOption(
      new Option("--until <status>", `${when}what to wait for; done needs a person`).choices(["in_review", "done"]).default("in_review"),
    )
    .option("--timeout <duration>", `${when}stop waiting after so long, e.g. 30m; the task goes on (exit code 6)`, secondsOf);
}

/** The result is the task as it is now; the exit code says whether that is a good end. */
export async function printWaited({ print }: Session, task: Task): Promise<void> {
  await print.changed(taskView, task, `${task.key} is ${stateOf(task)}.`);
  if (verdictOf(task, "in_review") === "attention") {
    throw new Failure(EXIT.attention, `${task.key} needs a person: ${task.attentionDetail === "" ? stateOf(task) : task.attentionDetail}`);
  }
}
