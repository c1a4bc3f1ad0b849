import { EXIT, Failure } from "#exit-code.ts";
import type { Io } from "#io.ts";
import { cleanLine } from "#output/clean.ts";

/** Asks before what cannot be undone. A script is not asked: it said what it wants. */
export async function confirm(io: Io, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true || io.ask === undefined) return;
  const answer = await io.ask(`${cleanLine(question)} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.failure, "not confirmed, so nothing was changed");
}
