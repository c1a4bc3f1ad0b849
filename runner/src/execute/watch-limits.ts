import { answerStamp, looksLikeAnswer } from "#workdir/read-answer.ts";
import type { CliFacts } from "#clis/cli.ts";
import { judgeLimits, type LimitVerdict } from "./limits.ts";
import type { Limits } from "./order.ts";

export interface Watched {
  limits: Limits;
  answerPath: string;
  startedAt: number;
  lastOutputAt: () => number;
  finalLine: () => CliFacts["finalLine"];
  onCause: (cause: NonNullable<LimitVerdict["cause"]>) => void;
  /** Called when it changes. */
  onSilence: (silent: boolean) => void;
}

/** Looks after a running CLI until the returned function is called. The first cause ends the watch. */
export function watchLimits(watched: Watched): () => void {
  const answeredAt = watchAnswer(watched.answerPath, watched.finalLine);
  let wasSilent = false;
  let timer: NodeJS.Timeout;

  function look(): void {
    const now = performance.now();
    const verdict = judgeLimits(watched.limits, {
      now,
      startedAt: watched.startedAt,
      lastOutputAt: watched.lastOutputAt(),
      answeredAt: answeredAt(now),
    });
    if (verdict.silent !== wasSilent) watched.onSilence((wasSilent = verdict.silent));
    if (verdict.cause !== null) watched.onCause(verdict.cause);
    else timer = setTimeout(look, verdict.lookAgain);
  }

  const first = judgeLimits(watched.limits, {
    now: watched.startedAt,
    startedAt: watched.startedAt,
    lastOutputAt: watched.startedAt,
    answeredAt: null,
  });
  timer = setTimeout(look, first.lookAgain);
  return () => clearTimeout(timer);
}

/** Since when the answer lies there complete and unchanged, with the CLI's own final line where it has one. */
function watchAnswer(path: string, finalLine: Watched["finalLine"]): (now: number) => number | null {
  let stamp = "";
  let complete = false;
  let since: number | null = null;
  return (now) => {
    const current = answerStamp(path);
    if (current !== stamp) {
      stamp = current;
      complete = current !== "" && looksLikeAnswer(path);
      since = null;
    }
    const said = finalLine();
    const counts = complete && (said === "success" || said === "not_expected");
    since = counts ? (since ?? now) : null;
    return since;
  };
}
