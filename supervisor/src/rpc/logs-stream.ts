import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LogsRequest, LogsResponseSchema } from "@malamar/proto/malamar/runner/v1/report_pb";
import { Problem } from "#errors/problem.ts";
import { findExecution } from "#executions/execution-table.ts";
import { appendFrame } from "#logs/append-frame.ts";
import { recognise } from "#runners/greet-runner.ts";
import type { Duplex } from "./duplex.ts";
import { mayDeliver } from "./may-deliver.ts";
import type { Outbox } from "./outbox.ts";
import type { RunnerServiceDeps } from "./runner-service.ts";

/** Log frames in, cumulative answers out. The payload is stored as it came; nobody looks into it before somebody watches. */
export function logsStream(
  { deps, logs }: Pick<RunnerServiceDeps, "deps" | "logs">,
  caller: { id: string; token: string },
  outbox: Outbox<MessageInitShape<typeof LogsResponseSchema>>,
): Duplex<LogsRequest> {
  const { store } = deps;
  recognise(store.reader, caller.id, caller.token);
  const fences = new Map<string, bigint>();
  // After a gap the frames that were under way are all too early; one answer is enough to have them sent again.
  const asked = new Map<string, number>();

  const answer = (executionId: string, next: number) => outbox.push({ executionId, nextSequence: BigInt(next) });

  /** Known, and with this fence. While its file is open this costs nothing. */
  function isKnown({ executionId, fence }: LogsRequest): boolean {
    let expected = logs.files.peek(executionId) === undefined ? undefined : fences.get(executionId);
    if (expected === undefined) {
      const execution = findExecution(store.reader, executionId);
      if (execution === undefined) return false;
      // What was taken over stays so when its report was quicker than its log.
      if (!fences.has(executionId) && !mayDeliver(store.reader, caller.id, execution)) return false;
      expected = BigInt(execution.fence);
      fences.set(executionId, expected);
    }
    if (fence === expected) return true;
    throw new Problem(
      "invalid",
      "wrong_fence",
      `Execution ${executionId} has not the fence ${fence}; this part of its log was not stored.`,
      "Send it with the fence of its grant.",
    );
  }

  return {
    async take(frame) {
      const { executionId } = frame;
      const sequence = Number(frame.sequence);
      // Its task was deleted, or it was never this runner's: the log can be thrown away as if it were stored.
      if (!isKnown(frame)) return answer(executionId, sequence + 1);
      const { lineCount, rawBytes, checksum, payload, truncated } = frame;
      const firstLine = Number(frame.firstLine);
      const next = await appendFrame(logs, executionId, { sequence, firstLine, lineCount, rawBytes, checksum, payload, truncated });
      if (sequence > next && asked.get(executionId) === next) return;
      if (sequence > next) asked.set(executionId, next);
      else asked.delete(executionId);
      answer(executionId, next);
    },
    over() {
      fences.clear();
      asked.clear();
    },
  };
}
