import { appendEvent } from "#events/event-table.ts";
import { hastenEntries } from "#queue/queue-table.ts";
import type { Deps } from "#store/deps.ts";
import type { DiskState } from "#store/disk-state.ts";
import { hastenPause, listPauses } from "./pause-table.ts";

/** What the pause of the whole machine for want of room is called. */
export const DISK = "disk";

/**
 * The room on the disk has another level. What stopped for want of it goes on at once when there is room again; what fills the
 * disk again and again does not.
 */
export function noteDisk({ store, now: clock }: Pick<Deps, "store" | "now">, level: DiskState["level"]): void {
  store.transact((db) => {
    const now = clock();
    appendEvent(db, { type: "system_changed", subjectId: DISK }, now);
    if (level !== "ok") return;
    for (const pause of listPauses(db)) {
      if (pause.resource !== "workspace" || pause.cause !== "disk_full" || pause.repeats > 1) continue;
      hastenEntries(db, pause.resourceId, pause.until, now);
      hastenPause(db, pause, now);
    }
  });
}
