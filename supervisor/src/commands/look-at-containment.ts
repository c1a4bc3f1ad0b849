import { containmentFix, probeContainment } from "#runners/probe-containment.ts";
import { critical, type Finding, note, ok } from "./finding.ts";

/** How surely everything that a CLI started is ended here, and what keeps this machine from more. */
export async function lookAtContainment(runnerProgram: string, wanted: string): Promise<Finding> {
  const facts = await probeContainment(runnerProgram).catch(() => undefined);
  if (facts === undefined) return note("containment cannot be looked at, since the runner program does not run");
  const missing = Object.entries(facts.levels).flatMap(([level, why]) => (why === null ? [] : [`${level}: ${why}`]));
  const why = facts.levels[wanted];
  if (wanted !== "auto" && why !== null)
    return critical(`containment ${wanted} is not to be had here: ${why ?? "unknown"}`, containmentFix(wanted));
  const level = wanted === "auto" ? `${facts.chosen} (auto)` : wanted;
  return ok(`containment ${level}${missing.length === 0 ? "" : `; not to be had: ${missing.join("; ")}`}`);
}
