import { Problem } from "./problem.ts";

/** Somebody changed the thing after the caller read it: refuse instead of overwriting. */
export function refuseOldVersion(version: number, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new Problem(
    "conflict",
    "version_changed",
    `It was changed meanwhile: version ${version} instead of ${expected}. Nothing was overwritten.`,
    "Read it again and repeat your change on the new version.",
  );
}
