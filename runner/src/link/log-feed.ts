// All logs of this runner over one stream. The transport pulls: it takes the next frame when the last one is written, so
// a slow supervisor holds back the logs on the disk and nothing else.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LogsRequestSchema, LogsResponse } from "@malamar/proto/malamar/runner/v1/report_pb";
import { complain } from "#errors/complain.ts";
import type { Frame } from "#execute/frame.ts";
import type { LogShipper } from "#execute/ship-log.ts";

export interface LogFeed {
  add: (shipper: LogShipper) => void;
  remove: (shipper: LogShipper) => void;
  /** Some shipper has something to send. */
  wake: () => void;
  /** Frames for a new stream, until the signal says that it is gone. */
  frames: (gone: AbortSignal) => AsyncIterable<MessageInitShape<typeof LogsRequestSchema>>;
  stored: (answer: LogsResponse) => void;
  /** Sends again what has had no answer for a whole round. */
  nudge: () => void;
  /** The supervisor is away: what it has not stored goes to the disk, and will be sent again. */
  detached: () => void;
}

export function createLogFeed(onProgress: (shipper: LogShipper) => void): LogFeed {
  const shippers = new Map<string, LogShipper>();
  let ring: (() => void) | null = null;

  function wake(): void {
    ring?.();
    ring = null;
  }

  /** Takes from all in turn, so that one flood does not hold up the others. */
  function nextFrame(): { shipper: LogShipper; frame: Frame } | null {
    for (const [id, shipper] of shippers) {
      const frame = shipper.next();
      if (frame === null) continue;
      shippers.delete(id);
      shippers.set(id, shipper);
      return { shipper, frame };
    }
    return null;
  }

  return {
    add(shipper) {
      shippers.set(shipper.executionId, shipper);
      wake();
    },
    remove: (shipper) => void shippers.delete(shipper.executionId),
    wake,
    async *frames(gone) {
      gone.addEventListener("abort", wake);
      while (!gone.aborted) {
        const next = nextFrame();
        if (next === null) {
          await new Promise<void>((resolve) => (ring = resolve));
          continue;
        }
        yield toRequest(next.shipper, next.frame);
        onProgress(next.shipper);
      }
    },
    stored(answer) {
      const shipper = shippers.get(answer.executionId);
      if (shipper === undefined) return;
      shipper.stored(Number(answer.nextSequence));
      wake();
      onProgress(shipper);
    },
    nudge() {
      let waiting = false;
      for (const shipper of shippers.values()) waiting = shipper.nudge() || waiting;
      if (waiting) wake();
    },
    detached() {
      for (const shipper of shippers.values()) {
        shipper.sendAgain();
        try {
          shipper.toDisk();
        } catch (error) {
          complain("A log that waits for the supervisor could not be written to the disk.", { executionId: shipper.executionId, error });
        }
      }
    },
  };
}

function toRequest(shipper: LogShipper, frame: Frame): MessageInitShape<typeof LogsRequestSchema> {
  return {
    executionId: shipper.executionId,
    fence: shipper.fence,
    sequence: BigInt(frame.sequence),
    firstLine: BigInt(frame.firstLine),
    lineCount: frame.lineCount,
    rawBytes: frame.rawBytes,
    checksum: frame.checksum,
    payload: frame.payload,
    truncated: frame.truncated,
  };
}
