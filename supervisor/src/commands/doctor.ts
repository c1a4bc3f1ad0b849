import { knownClis } from "#config/cli.ts";
import type { LoadedConfig } from "#config/config.ts";
import { programFiles } from "#config/paths.ts";
import type { DataPaths } from "#config/paths.ts";
import { SETTING_PATHS } from "#config/setting.ts";
import { createProcessLauncher } from "#runners/process-launcher.ts";
import { askHealth, askSystem } from "./ask.ts";
import { findPaths } from "./data-directory.ts";
import { EXIT, exitCodeOf, wordsOf } from "./exit-code.ts";
import { critical, linesOf, note, ok, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { lookAtDatabase, lookAtSqlite } from "./look-at-database.ts";
import { lookAtContainment } from "./look-at-containment.ts";
import { lookAtClis, lookAtDataDirectory, lookAtNode, lookAtPort, lookAtProgram } from "./look-at-machine.ts";
import { livingSupervisor, readRecord } from "./record.ts";
import type { SupervisorRecord } from "./record.ts";
import { ago, counted, say } from "./say.ts";

export interface DoctorOptions {
  flags: Record<string, unknown>;
  entryDir: string;
  version: string;
}

/** Looks at everything that Malamar needs, changes nothing, and fails only for what keeps it from working. */
export async function doctor({ flags, entryDir, version }: DoctorOptions): Promise<number> {
  const { paths, loaded, problem } = findPaths(flags);
  const files = programFiles(entryDir);
  const record = livingSupervisor(paths.pidFile);
  const findings: Finding[] = [
    ok(`Malamar ${version}`),
    lookAtNode(process.version),
    lookAtSqlite(),
    ...lookAtProgram(files),
    ...lookAtDataDirectory(paths, loaded?.config.diskReserve ?? "auto"),
    ...(await lookAtSupervisor(paths, record)),
    ...lookAtDatabase(paths.database, files.migrations),
    ...(await lookAtRunners(paths, record !== undefined)),
  ];
  if (loaded === undefined) findings.push(critical(wordsOf(problem), "malamar serve --help  (lists every setting)"));
  else findings.push(...(await lookAtSettings(loaded, record, files.runner)));
  for (const finding of findings) for (const line of linesOf(finding)) say(line);
  if (loaded !== undefined) sayConfiguration(loaded);

  const bad = findings.filter((finding) => finding.level === "critical").length;
  say();
  say(bad === 0 ? "Nothing keeps Malamar from working." : `${counted(bad, "finding")} to put right.`);
  return bad === 0 ? EXIT.ok : loaded === undefined ? exitCodeOf(problem) : EXIT.failed;
}

async function lookAtSettings({ config }: LoadedConfig, record: SupervisorRecord | undefined, runner: string): Promise<Finding[]> {
  const ours = record !== undefined && URL.canParse(record.url) && Number(new URL(record.url).port) === config.port;
  return [
    await lookAtPort(config.host, config.port, ours),
    await lookAtContainment(runner, config.containment),
    ...lookAtClis(knownClis(config), process.env["PATH"] ?? ""),
  ];
}

async function lookAtSupervisor({ pidFile, dataDir }: DataPaths, record: SupervisorRecord | undefined): Promise<Finding[]> {
  if (record === undefined) {
    const unclean = readRecord(pidFile) !== undefined;
    return [note(unclean ? "not running; it did not come to its end, so the next start looks at the database first" : "not running")];
  }
  const where = `running as process ${record.pid} for ${ago(Date.now() - record.startedAt)}`;
  const health = await askHealth(record);
  if (health === "ok") {
    const live = (await askSystem(record))?.liveExecutions ?? 0;
    return [ok(`${where}: ${record.url}, ${counted(live, "step")} running`)];
  }
  const restart = `malamar stop --data-dir '${dataDir}' && malamar start --data-dir '${dataDir}'`;
  if (health === "failing") return [critical(`${where}, but its database does not answer`, restart)];
  return [warning(`${where}, but does not answer; it may be starting or ending`, restart)];
}

/** By looking at the processes themselves, so that those nobody remembers are seen, too. */
async function lookAtRunners(paths: DataPaths, isRunning: boolean): Promise<Finding[]> {
  const launcher = createProcessLauncher({
    program: "",
    socketPath: paths.runnerSocket,
    dataDir: paths.dataDir,
    logFolder: paths.runnerLogs,
    env: {},
  });
  const living = await launcher.list().catch(() => undefined);
  if (living === undefined)
    return [warning("this system does not show its processes (/proc), which Malamar needs to run steps", "run Malamar on Linux")];
  if (living.length === 0) return [ok("no runner is left over")];
  const list = living.map((runner) => runner.pid).join(", ");
  if (isRunning) return [ok(`${counted(living.length, "runner")} (${list})`)];
  const carryOn = `${counted(living.length, "runner")} ${living.length === 1 ? "carries" : "carry"} on without a supervisor (${list})`;
  return [note(`${carryOn}; the next start takes over, or: kill ${list.replaceAll(",", "")}`)];
}

function sayConfiguration({ config, sources, file }: LoadedConfig): void {
  say();
  say(`Settings (${file}):`);
  for (const path of SETTING_PATHS) {
    const value = path.split(".").reduce<unknown>((from, key) => (from as Record<string, unknown>)[key], config);
    const { from, place } = sources[path];
    say(`  ${path.padEnd(26)} ${JSON.stringify(value).padEnd(20)} ${from === "default" ? "default" : place}`);
  }
  const clis = Object.keys(config.clis);
  if (clis.length > 0) say(`  ${"clis".padEnd(26)} ${clis.join(", ").padEnd(20)} ${sources.clis.place}`);
}
