import type { CustomCli } from "#config/cli.ts";
import type { DirectoryMode } from "#workspaces/workspace.ts";

/** What an agent is told; the runner writes input.md from it. Comments and activities are JSON objects as text, oldest first. */
export interface StepInput {
  workspaceTitle: string;
  workspaceInstruction: string;
  agentId: string;
  agentName: string;
  agentInstruction: string;
  otherAgents: string[];
  runNumber: number;
  passNumber: number;
  reason: string;
  taskKey: string;
  taskSummary: string;
  taskDescription: string;
  taskKind: string;
  notes: string[];
  comments: string[];
  activities: string[];
  commentsLeftOut: number;
  activitiesLeftOut: number;
  answerSchema: string;
}

/** The order to carry out one execution. Durations in milliseconds; 0 = none. */
export interface Grant {
  requestId: string;
  executionId: string;
  fence: number;
  workspaceId: string;
  taskId: string;
  directoryMode: DirectoryMode;
  directoryPath: string;
  input: StepInput;
  cli: { name: string; model: string; custom: CustomCli | null };
  limits: { timeLimit: number; silenceWarning: number; silenceLimit: number; logCap: number; stopGrace: number; finishGrace: number };
}
