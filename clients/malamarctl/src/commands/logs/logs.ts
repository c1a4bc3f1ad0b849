import { LogLineSchema } from "@malamar/proto/malamar/v1/log_pb";
import { tailLog } from "@malamar/sdk/tail-log";
import { toProblem } from "@malamar/sdk/problem";
import { Command, Option } from "commander";
import { EXIT, Failure } from "#exit-code.ts";
import { isId } from "#find/id.ts";
import { findTask } from "#find/task.ts";
import type { Io } from "#io.ts";
import { wholeBigint, wholeNumber } from "#options/number.ts";
import { jsonOf } from "#output/json.ts";
import { openSession, type Session } from "#session.ts";
import { executionsOf } from "./executions-of.ts";
import { logText, rawText } from "./log-text.ts";

interface Options {
  follow?: boolean;
  raw?: boolean;
  timestamps?: boolean;
  tail?: number | undefined;
  after?: bigint | undefined;
}

export function logs(io: Io): Command {
  return new Command("logs")
    .argument("<execution-or-task>", "id of an execution, or key or id of a task: then its live or latest execution")
    .option("-f, --follow", "go on with new lines; for a task also with its next executions, until nothing of it runs or waits")
    .option("--raw", "the lines exactly as the CLI printed them")
    .option("-t, --timestamps", "the time in front of every line")
    .addOption(new Option("--tail <lines>", "start so many lines before the end").argParser(wholeNumber).conflicts("after"))
    .option("--after <line>", "start after the line with this number", wholeBigint)
    .action(async (text: string, options: Options, command: Command) => {
      const session = openSession(io, command);
      const executionId = isId(text) ? await executionIdOf(session, text) : undefined;
      if (executionId !== undefined) return await printLog(session, executionId, options);
      const task = await findTask(session.malamar, text);
      let { tail, after } = options;
      for await (const execution of executionsOf(session, task, options.follow === true)) {
        const { id, agentName, runNumber, passNumber } = execution;
        await session.note(`${task.key}, run ${runNumber}, pass ${passNumber}, ${agentName} (execution ${id})`);
        await printLog(session, id, { ...options, tail, after });
        // The place to start was meant for the first log; the ones that follow are read from their first line.
        tail = after = undefined;
      }
    });
}

async function printLog(session: Session, executionId: string, options: Options): Promise<void> {
  const { malamar, io, print, format, look, onConnection } = session;
  const { follow, tail, after, raw = false, timestamps = false } = options;
  const batches = tailLog(malamar.executions, { executionId, follow, tailLines: tail, afterLine: after, signal: io.signal, onConnection });
  for await (const { lines } of batches) {
    if (format !== "table") {
      for (const line of lines) await print.streamed(jsonOf(LogLineSchema, line), () => "", String(line.number));
    } else if (lines.length > 0) {
      const texts = lines.map((line) => (raw ? rawText(line, io.columns !== undefined) : logText(line, look(), timestamps)));
      await io.out(texts.join(""));
    }
  }
  if (io.signal.aborted) throw new Failure(EXIT.interrupted, "");
}

/** Undefined when there is no execution of that id; it may be a task's. */
async function executionIdOf({ malamar }: Session, text: string): Promise<string | undefined> {
  try {
    return (await malamar.executions.getExecution({ id: text })).execution?.id;
  } catch (error) {
    if (toProblem(error).kind === "not_found") return undefined;
    throw error;
  }
}
