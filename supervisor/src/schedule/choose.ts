/** What the schedule sees of the machine before it starts anything. */
export interface View {
  /** Workspaces in which something could start, the longest untouched first. */
  workspaces: readonly string[];
  live: number;
  /** Machine-wide cap of executions; 0 = none. */
  maxExecutions: number;
  runnerState: (workspaceId: string) => "none" | "starting" | "attached";
}

export interface Choice {
  /** Start a step here now. */
  start: string[];
  /** Work is ready, a runner is not. */
  ensure: string[];
}

/** Which workspaces may start a step now, and which need a runner first. */
export function choose({ workspaces, live, maxExecutions, runnerState }: View): Choice {
  const free = maxExecutions === 0 ? workspaces.length : Math.max(0, maxExecutions - live);
  const admitted = workspaces.slice(0, free);
  return {
    start: admitted.filter((id) => runnerState(id) === "attached"),
    ensure: admitted.filter((id) => runnerState(id) !== "attached"),
  };
}
