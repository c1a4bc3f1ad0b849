import { askHealth, askSystem } from "./ask.ts";
import type { SystemFacts } from "./ask.ts";
import { findPaths } from "./data-directory.ts";
import { EXIT, wordsOf } from "./exit-code.ts";
import { livingSupervisor, readRecord } from "./record.ts";
import { ago, complain, counted, row, say } from "./say.ts";

/** Tells whether Malamar runs, and how it does; works when it does not. */
export async function status(flags: Record<string, unknown>, { json }: { json: boolean }): Promise<number> {
  const { paths, problem } = findPaths(flags);
  if (problem !== undefined) complain(`${wordsOf(problem)}\n`);
  const record = livingSupervisor(paths.pidFile);
  if (record === undefined) {
    const unclean = readRecord(paths.pidFile) !== undefined;
    if (json) say(JSON.stringify({ running: false, dataDirectory: paths.dataDir, unclean }));
    else sayNotRunning(paths.dataDir, unclean);
    return EXIT.notRunning;
  }
  const [health, system] = await Promise.all([askHealth(record), askSystem(record)]);
  if (json) {
    say(JSON.stringify({ running: true, ...record, health, dataDirectory: paths.dataDir, liveExecutions: system?.liveExecutions ?? 0 }));
    return EXIT.ok;
  }
  say(`Malamar ${record.version} is running${HEALTH[health]}.`);
  say(row("address", record.url || "(starting)"));
  say(
    row(
      "process",
      `${record.pid}, for ${ago(Date.now() - record.startedAt)}, ${record.background ? "in the background" : "on a terminal"}`,
    ),
  );
  say(row("data", paths.dataDir));
  if (record.background) say(row("log", paths.supervisorLog));
  if (system !== undefined) sayCounts(system);
  return EXIT.ok;
}

const HEALTH = {
  ok: "",
  failing: ", but its database does not answer: see its log",
  silent: ", but does not answer: it may be starting or ending",
} as const;

function sayNotRunning(dataDir: string, unclean: boolean): void {
  say("Malamar is not running.");
  say(row("data", dataDir));
  if (unclean) say("  It did not come to its end the last time; the next start looks at the database first. Everything stored is kept.");
  say("Start it with `malamar start`.");
}

function sayCounts({ liveExecutions = 0, runners = [], pauses = [] }: SystemFacts): void {
  say(row("running", counted(liveExecutions, "step")));
  say(row("runners", `${runners.filter((runner) => runner.attached).length} of ${runners.length} attached`));
  for (const pause of pauses)
    say(
      row(
        "paused",
        `${pause.resource} ${pause.resourceId}${pause.until ? ` until ${pause.until}` : ""}${pause.detail ? `: ${pause.detail}` : ""}`,
      ),
    );
}
