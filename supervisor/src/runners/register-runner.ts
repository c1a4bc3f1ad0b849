import { createHash } from "node:crypto";
import type { Deps } from "#store/deps.ts";
import { insertRunner } from "./runner-table.ts";
import type { Runner } from "./runner.ts";

/** Writes a runner down before it is launched, so that no process can live that the next supervisor does not know. */
export function registerRunner(
  { store, now }: Pick<Deps, "store" | "now">,
  request: { id: string; boot: number; token: string; workspaceIds: string[] },
): Runner {
  const runner: Runner = {
    id: request.id,
    boot: request.boot,
    tokenSha256: hashToken(request.token),
    workspaceIds: request.workspaceIds,
    pid: 0,
    pidStartTicks: 0,
    startedAt: now(),
    endedAt: null,
  };
  return store.transact((db) => {
    insertRunner(db, runner);
    return runner;
  });
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
