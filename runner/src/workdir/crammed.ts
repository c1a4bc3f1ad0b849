import { statfsSync } from "node:fs";

/** Not even an answer fits. */
const NEXT_TO_NOTHING = 64 * 1024;

/** Whether the disk that a path lies on has no room left. */
export function isCrammed(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < NEXT_TO_NOTHING;
  } catch {
    return false;
  }
}
