import {
  AnswerActionType,
  Containment,
  type Execution,
  ExecutionOutcome,
  ExecutionSchema,
  ExecutionState,
} from "@malamar/proto/malamar/v1/execution_pb";
import type { LogUsage } from "@malamar/proto/malamar/v1/log_pb";
import type { Style } from "#output/look.ts";
import type { Column } from "#output/table.ts";
import type { View } from "#output/print.ts";
import { between, exactly, relative } from "#output/time.ts";
import { wordOf } from "#output/words.ts";

const columns: Column<Execution>[] = [
  { title: "RUN", optional: true, align: "right", value: ({ runNumber }) => String(runNumber) },
  { title: "PASS", align: "right", value: ({ passNumber }) => String(passNumber) },
  { title: "AGENT", value: ({ agentName }) => agentName, flexible: true },
  { title: "CLI", optional: true, value: ({ cli }) => cli },
  { title: "STATE", value: (execution) => resultOf(execution), style: (execution) => styleOf(execution) },
  { title: "STARTED", optional: true, value: ({ startedAt, leasedAt }, { now }) => relative(startedAt ?? leasedAt, now) },
  { title: "TOOK", align: "right", value: ({ startedAt, endedAt }, { now }) => between(startedAt, endedAt, now) },
  { title: "LINES", optional: true, align: "right", value: ({ logLines }) => String(logLines) },
  { title: "ID", value: ({ id }) => id },
];

export const executionView: View<Execution> = {
  schema: ExecutionSchema,
  plural: "executions",
  name: ({ id }) => id,
  columns,
  fields: (execution, { now }) => [
    { title: "Execution", value: execution.id, style: "bold" },
    { title: "Task", value: execution.taskId },
    { title: "Workspace", value: execution.workspaceId },
    { title: "Agent", value: execution.agentName },
    { title: "CLI", optional: true, value: execution.model === "" ? execution.cli : `${execution.cli}, model ${execution.model}` },
    { title: "Run, pass", value: `${execution.runNumber}, ${execution.passNumber}` },
    { title: "State", value: resultOf(execution), style: styleOf(execution) },
    { title: "Why", value: execution.outcomeDetail },
    { title: "Exit", value: execution.signal === "" ? (execution.exitCode?.toString() ?? "") : execution.signal },
    { title: "Silent", value: execution.silent ? "yes: no output for longer than the warning" : "", style: "yellow" },
    { title: "Leased", value: exactly(execution.leasedAt, now) },
    { title: "Started", value: exactly(execution.startedAt, now) },
    { title: "Ended", value: exactly(execution.endedAt, now) },
    { title: "Took", value: between(execution.startedAt, execution.endedAt, now) },
    { title: "Containment", value: wordOf(Containment, execution.containment).toUpperCase() },
    { title: "Pid", value: execution.pid === 0 ? "" : String(execution.pid) },
    { title: "Log", value: logOf(execution) },
    { title: "Usage", value: usageText(execution.usage) },
  ],
  sections: ({ actions }) =>
    actions.map(({ type, content, reason }) => ({
      title: `Answered: ${wordOf(AnswerActionType, type)}`,
      text: content === "" ? (reason === "" ? "–" : reason) : content,
    })),
};

/** The same columns with the key of the task in front, for executions of several tasks. */
export function executionViewWithTasks(keyOf: ReadonlyMap<string, string>): View<Execution> {
  return { ...executionView, columns: [{ title: "TASK", value: ({ taskId }) => keyOf.get(taskId) ?? "" }, ...columns] };
}

/** How it stands: the state while it lives, then how it ended and what the agent answered. */
export function resultOf({ state, outcome, actions }: Execution): string {
  if (state !== ExecutionState.ENDED) return wordOf(ExecutionState, state);
  const answers = actions.map(({ type }) => wordOf(AnswerActionType, type));
  const word = wordOf(ExecutionOutcome, outcome);
  return answers.length === 0 ? word : `${word}: ${answers.join(", ")}`;
}

/** What the CLI said it used; what it did not say is not shown. */
export function usageText(usage: LogUsage | undefined): string {
  if (usage === undefined) return "";
  const { inputTokens, outputTokens, cachedTokens, cost } = usage;
  return [
    inputTokens === undefined ? "" : `${inputTokens} tokens in`,
    cachedTokens === undefined ? "" : `${cachedTokens} cached`,
    outputTokens === undefined ? "" : `${outputTokens} tokens out`,
    cost === undefined ? "" : `$${cost.toFixed(4)}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function styleOf({ state, outcome }: Execution): Style | undefined {
  if (state !== ExecutionState.ENDED) return "cyan";
  return outcome === ExecutionOutcome.FINISHED ? undefined : "red";
}

function logOf({ logLines, logBytes, logTruncated }: Execution): string {
  return `${logLines} lines, ${logBytes} bytes${logTruncated ? ", cut at its limit" : ""}`;
}
