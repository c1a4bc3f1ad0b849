import { Command } from "commander";
import { Containment, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { ListProcessesResponseSchema, type LiveExecution, type Runner } from "@malamar/proto/malamar/v1/system_service_pb";
import type { Io } from "#io.ts";
import { bytesText } from "#output/bytes.ts";
import { jsonOf } from "#output/json.ts";
import { type Look, paint } from "#output/look.ts";
import { type Column, table } from "#output/table.ts";
import { between } from "#output/time.ts";
import { wordOf } from "#output/words.ts";
import { openSession } from "#session.ts";

/** What runs now, as of the runners' last heartbeats. */
export function ps(io: Io): Command {
  return new Command("ps").action(async (_options: object, command: Command) => {
    const { malamar, print, look } = openSession(io, command);
    const processes = await malamar.system.listProcesses({});
    const ids = processes.executions.map(({ executionId }) => executionId).join("\n");
    await print.value(jsonOf(ListProcessesResponseSchema, processes), () => textOf(processes.executions, processes.runners, look()), ids);
  });
}

function textOf(executions: readonly LiveExecution[], runners: readonly Runner[], look: Look): string {
  if (executions.length === 0 && runners.length === 0) return "Nothing runs.\n";
  const carried = runners.length === 0 ? "" : `\n${paint(look, "bold", "Runners")}\n${table(runnerColumns, runners, look)}`;
  return (executions.length === 0 ? "No execution runs.\n" : table(executionColumns, executions, look)) + carried;
}

const executionColumns: Column<LiveExecution>[] = [
  { title: "KEY", value: ({ taskKey }) => taskKey },
  { title: "AGENT", value: ({ agentName }) => agentName, flexible: true },
  { title: "CLI", value: ({ cli }) => cli },
  { title: "STATE", value: ({ state }) => wordOf(ExecutionState, state), style: () => "cyan" },
  { title: "LEVEL", value: ({ containment }) => wordOf(Containment, containment).toUpperCase() },
  { title: "PID", align: "right", value: ({ pid }) => (pid === 0 ? "" : String(pid)) },
  { title: "FOR", align: "right", value: ({ startedAt }, { now }) => between(startedAt, undefined, now) },
  { title: "PROCESSES", align: "right", value: ({ processes }) => processes?.toString() ?? "" },
  { title: "MEMORY", align: "right", value: ({ memoryBytes }) => (memoryBytes === undefined ? "" : bytesText(Number(memoryBytes))) },
  { title: "RUNNER", optional: true, value: ({ runnerId }) => runnerId },
  { title: "ID", value: ({ executionId }) => executionId },
];

const runnerColumns: Column<Runner>[] = [
  { title: "ID", value: ({ id }) => id },
  { title: "PID", align: "right", value: ({ pid }) => (pid === 0 ? "" : String(pid)) },
  { title: "STATE", value: ({ attached }) => (attached ? "attached" : "away"), style: ({ attached }) => (attached ? undefined : "yellow") },
  { title: "FOR", align: "right", value: ({ startedAt }, { now }) => between(startedAt, undefined, now) },
  { title: "EXECUTIONS", align: "right", value: ({ liveExecutions }) => String(liveExecutions) },
  { title: "WORKSPACES", align: "right", value: ({ workspaceIds }) => (workspaceIds.length === 0 ? "spare" : String(workspaceIds.length)) },
];
