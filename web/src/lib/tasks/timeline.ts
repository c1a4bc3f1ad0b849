import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { ExecutionState, type Execution } from "@malamar/proto/malamar/v1/execution_pb";
import type { Comment } from "@malamar/proto/malamar/v1/task_pb";

export type TimelineEntry =
  | { kind: "pass"; id: string; run: number; pass: number }
  | { kind: "comment"; id: string; comment: Comment; execution: Execution | undefined }
  /** An execution that ended without saying anything. */
  | { kind: "step"; id: string; execution: Execution }
  | { kind: "live"; id: string; execution: Execution };

const ms = (time: Timestamp | undefined): number => (time ? timestampMs(time) : 0);

const isLive = (execution: Execution): boolean => execution.state !== ExecutionState.ENDED;

// What ends a step and what Malamar says about it are stored in the same instant.
const rank = (entry: TimelineEntry): number => (entry.kind === "step" ? 0 : 1);

/** Comments and silent steps, oldest first, what runs now at the end, and a heading wherever another pass begins. */
export function timeline(comments: readonly Comment[], executions: readonly Execution[]): TimelineEntry[] {
  const executionById = new Map(executions.map((execution) => [execution.id, execution]));
  const spoke = new Set(comments.map((comment) => comment.executionId));
  const dated = [
    ...comments.map((comment) => {
      const execution = executionById.get(comment.executionId);
      return { at: ms(comment.createdAt), execution, entry: { kind: "comment", id: comment.id, comment, execution } as const };
    }),
    ...executions
      .filter((execution) => isLive(execution) || !spoke.has(execution.id))
      .map((execution) => {
        const kind = isLive(execution) ? "live" : "step";
        return {
          at: isLive(execution) ? Infinity : ms(execution.endedAt),
          execution,
          entry: { kind, id: execution.id, execution } as const,
        };
      }),
  ].toSorted((a, b) => a.at - b.at || rank(a.entry) - rank(b.entry));

  const entries: TimelineEntry[] = [];
  let heading = "";
  for (const { execution, entry } of dated) {
    const next = execution ? `run ${execution.runNumber} pass ${execution.passNumber}` : heading;
    if (execution && next !== heading) entries.push({ kind: "pass", id: next, run: execution.runNumber, pass: execution.passNumber });
    heading = next;
    entries.push(entry);
  }
  return entries;
}
