/** What the agent is told; input.md is written from it. */
export interface StepInput {
  workspaceTitle: string;
  workspaceInstruction: string;
  agentName: string;
  agentInstruction: string;
  /** Names of the other agents, in order. */
  otherAgents: string[];
  runNumber: number;
  passNumber: number;
  /** Why the agent runs now, one sentence. */
  reason: string;
  taskKey: string;
  taskSummary: string;
  taskDescription: string;
  taskKind: string;
  /** Texts that executions left for later ones, oldest first. */
  notes: string[];
  /** One JSON object each, oldest first. */
  comments: string[];
  activities: string[];
  /** Older entries that even the supervisor left out. */
  commentsLeftOut: number;
  activitiesLeftOut: number;
  /** JSON Schema of the answer, as text. */
  answerSchema: string;
}
