import { randomFillSync } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { BALLAST_BYTES } from "./disk-state.ts";

/**
 * A file that only takes room, to be given away when the disk is full: SQLite needs some to delete, to check in its log and to
 * write down what became of the steps that run.
 */
export interface Ballast {
  file: string;
  there(): boolean;
  /** Writes it anew. @returns false when there was no room for it */
  fill(): Promise<boolean>;
  /** Gives its room away. */
  drop(): void;
}

const PIECE = 1024 * 1024;

export function openBallast(file: string, bytes = BALLAST_BYTES): Ballast {
  // Asked of the disk each time: whoever needs room may have removed it by hand.
  const there = () => statSync(file, { throwIfNoEntry: false })?.size === bytes;
  const drop = () => rmSync(file, { force: true });

  async function write(): Promise<void> {
    const handle = await open(file, "w", 0o600);
    try {
      // Random, since some file systems would store nothing of a file of zeros.
      const piece = randomFillSync(Buffer.alloc(PIECE));
      for (let written = 0; written < bytes; written += PIECE) await handle.writeFile(piece.subarray(0, bytes - written));
    } finally {
      await handle.close();
    }
  }

  return {
    file,
    there,
    async fill() {
      try {
        await write();
      } catch {
        drop();
      }
      return there();
    },
    drop,
  };
}
