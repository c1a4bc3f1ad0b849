import { timingSafeEqual } from "node:crypto";
import { Problem } from "#errors/problem.ts";
import type { Deps } from "#store/deps.ts";
import type { Db } from "#store/open-db.ts";
import { hashToken } from "./register-runner.ts";
import { findRunner, saveRunner } from "./runner-table.ts";
import type { Runner } from "./runner.ts";

export interface Greeting {
  id: string;
  boot: number;
  token: string;
  pid: number;
  pidStartTicks: number;
}

/**
 * Checks that it is the runner we launched and remembers its process. A higher boot is stored before anything else of it
 * counts, so that a message of its earlier life that arrives late can change nothing.
 */
export function greetRunner({ store }: Pick<Deps, "store">, greeting: Greeting): { runner: Runner; rebooted: boolean } {
  return store.transact((db) => {
    const runner = recognise(db, greeting.id, greeting.token);
    if (greeting.boot < runner.boot) {
      throw new Problem(
        "wrong_state",
        "boot_too_low",
        `Boot ${greeting.boot} of this runner is over, boot ${runner.boot} was seen; nothing was changed.`,
        "End this runner and what it started.",
      );
    }
    const greeted: Runner = { ...runner, boot: greeting.boot, pid: greeting.pid, pidStartTicks: greeting.pidStartTicks };
    if (runner.boot !== greeted.boot || runner.pid !== greeted.pid || runner.pidStartTicks !== greeted.pidStartTicks)
      saveRunner(db, greeted);
    return { runner: greeted, rebooted: greeting.boot > runner.boot };
  });
}

/** The living runner with this id and token, or a problem in words. */
export function recognise(db: Db, id: string, token: string): Runner {
  const runner = findRunner(db, id);
  // One sentence for both, since a guess must not learn which ids exist.
  if (runner === undefined || !sameToken(runner.tokenSha256, hashToken(token))) {
    throw new Problem(
      "unauthenticated",
      "runner_unknown",
      "This supervisor did not launch a runner with this id and token; nothing was changed.",
      "End this runner; the supervisor starts its runners itself.",
    );
  }
  if (runner.endedAt !== null) {
    throw new Problem(
      "wrong_state",
      "runner_ended",
      "This runner was given up as lost and its work handed on; nothing was changed.",
      "End this runner and what it started.",
    );
  }
  return runner;
}

function sameToken(stored: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(stored, "hex"), Buffer.from(given, "hex"));
}
