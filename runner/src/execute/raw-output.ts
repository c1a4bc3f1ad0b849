import { closeSync, openSync, writeSync } from "node:fs";
import type { OutputStream } from "#clis/cli.ts";
import type { ExecutionFolder } from "#workdir/execution-folder.ts";

/** stdout.log and stderr.log: the bytes as the CLI printed them, up to the same limit as the log. Made at the first byte. */
export interface RawOutput {
  write: (stream: OutputStream, chunk: Buffer) => void;
  close: () => void;
}

export function createRawOutput(folder: ExecutionFolder, cap: number): RawOutput {
  const files: Partial<Record<OutputStream, number>> = {};
  let room = cap;
  return {
    write(stream, chunk) {
      if (room <= 0) return;
      const file = (files[stream] ??= openSync(folder[stream], "a", 0o600));
      const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
      for (let written = 0; written < kept.length;) written += writeSync(file, kept, written);
      room -= kept.length;
    },
    close() {
      for (const file of Object.values(files)) closeSync(file);
      room = 0;
    },
  };
}
