import type { Interceptor } from "@connectrpc/connect";
import { Problem } from "#errors/problem.ts";
import { diskWords } from "#store/disk-state.ts";
import type { DiskWatch } from "#store/disk-watch.ts";

/**
 * While the disk is full, the little room that the ballast gave is for what has to be written: ends of steps, and what a person
 * does to get room. What would only make the database larger is refused.
 */
export function refuseWhenFull(disk: Pick<DiskWatch, "state">): Interceptor {
  return (next) => (request) => {
    const state = disk.state();
    if (state.level === "full" && /^(Create|Update)/.test(request.method.name)) {
      throw new Problem(
        "exhausted",
        "storage_full",
        "The disk is full; nothing was changed and everything stored before is kept.",
        `${diskWords(state)} Deleting and stopping tasks works meanwhile.`,
      );
    }
    return next(request);
  };
}
