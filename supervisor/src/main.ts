import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { customAlphabet } from "nanoid";
import type { Logger } from "pino";
import { takeDataDirectory } from "#commands/take-data-directory.ts";
import { knownClis } from "#config/cli.ts";
import type { LoadedConfig } from "#config/config.ts";
import { programFiles } from "#config/paths.ts";
import type { DataPaths } from "#config/paths.ts";
import { Problem } from "#errors/problem.ts";
import { trimEvents } from "#events/event-table.ts";
import { createHub } from "#events/hub.ts";
import { liveExecutions } from "#executions/execution-table.ts";
import { openRunnerSocket } from "#http/runner-socket.ts";
import { openHttpServer } from "#http/server.ts";
import { openLogs } from "#logs/logs.ts";
import { removeLog } from "#logs/remove-log.ts";
import { noteDisk } from "#loop/note-disk.ts";
import { publicRoutes } from "#rpc/routes.ts";
import { runnerRoutes } from "#rpc/runner-service.ts";
import { createTailLog } from "#rpc/tail-log.ts";
import { refuseWhenFull } from "#rpc/refuse-when-full.ts";
import { translateErrors } from "#rpc/translate-errors.ts";
import { waitForLock } from "#rpc/wait-for-lock.ts";
import { createFleet } from "#runners/fleet.ts";
import { refuseMissingContainment } from "#runners/probe-containment.ts";
import { createProcessLauncher } from "#runners/process-launcher.ts";
import { createRegistry } from "#runners/registry.ts";
import { trimRunners } from "#runners/runner-table.ts";
import { type Schedule, startSchedule } from "#schedule/loop.ts";
import { startCheckpoints } from "#store/checkpoint.ts";
import { diskWords } from "#store/disk-state.ts";
import { watchDisk } from "#store/disk-watch.ts";
import { openReader } from "#store/open-db.ts";
import { prepareDatabase } from "#store/prepare-database.ts";
import { statement } from "#store/statement.ts";
import { explainStorage, isUntrustworthy } from "#store/storage-failure.ts";
import { createStore, takeEpoch } from "#store/store.ts";
import { startTrimming } from "#store/trim-loop.ts";
import { createSample } from "#templates/create-sample.ts";
import { chooseCli } from "#templates/sample-team.ts";

export interface SupervisorOptions {
  loaded: LoadedConfig;
  version: string;
  /** Folder of the program's entry file. */
  entryDir: string;
  env: NodeJS.ProcessEnv;
  background: boolean;
  log: Logger;
  /** The storage can no longer be trusted: end the process. */
  onFatal: (error: unknown) => void;
}

export interface Supervisor {
  url: string;
  paths: DataPaths;
  /** CLI of the sample team, when it was made just now. */
  sampleCli: string | undefined;
  /** keep: runners carry their steps on and deliver them to the next supervisor. now: every step is stopped, nothing is left running. */
  stop: (steps: "keep" | "now") => Promise<void>;
  /** Starts nothing more. Settles when no step is left. */
  drain: () => Promise<void>;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Answers on their way have so long when the port closes. Milliseconds. */
const CLOSE_GRACE = 500;
const newId = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 21);

/** Takes the data directory, opens what is in it and starts to serve. When it fails, it leaves nothing behind. */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { loaded, version, log, onFatal } = options;
  const { config } = loaded;
  const now = Date.now;
  const startedAt = now();
  const instance = newId();
  const files = programFiles(options.entryDir);

  // What has been begun, to be undone the other way round: at the end, and when a later step fails.
  const undo: (() => unknown)[] = [];
  const end = async () => {
    for (const each of undo.splice(0).toReversed()) await each();
  };
  const stumbled = (words: string) => (error: unknown) => {
    if (isUntrustworthy(error)) onFatal(error);
    else log.error({ err: error }, words);
  };
  let refusal: unknown;
  try {
    await refuseMissingContainment(files.runner, config.containment);
    const directory = takeDataDirectory(config.dataDir, { instance, version, startedAt, background: options.background });
    // Until then the record of this process stays, and the next start has a look, too.
    let checked = false;
    // What was found clean and refused for another reason than damage, such as a newer version, is left clean.
    const asFound = () => refusal !== undefined && !directory.unclean && !isUntrustworthy(refusal);
    undo.push(() => directory.release(checked || asFound()));
    const { paths, ballast } = directory;
    if (directory.unclean) log.warn("the last supervisor did not end by itself; the database is checked");

    const { writer, applied, copy } = prepareDatabase(paths.database, files.migrations, directory.unclean);
    checked = true;
    const { epoch, installationId } = takeEpoch(writer, startedAt, newId());
    const store = createStore({ writer, reader: openReader(paths.database), epoch, onFatal, onFull: () => disk.noteFull() });
    undo.push(() => store.close());
    if (copy !== undefined) log.info({ applied, copy }, "the database was brought up to date; a copy from before is kept");
    undo.push(
      startCheckpoints({
        store,
        writer,
        database: paths.database,
        onFatal,
        onFull: () => disk.noteFull(),
        onFallback: (error) => log.warn({ err: error }, "no thread for checkpoints; SQLite does them itself, and some commits take longer"),
      }),
      startTrimming({
        store,
        now,
        trims: [
          { keep: config.eventRetention, remove: trimEvents },
          { keep: 30 * DAY, remove: trimRunners },
        ],
        // A retention shorter than the usual pause would otherwise be kept an hour.
        interval: Math.min(HOUR, config.eventRetention),
        onError: stumbled("old events could not be removed"),
      }),
    );

    const deps = { store, now, newId, random: Math.random, backOff: config.backOff };
    const disk = watchDisk({
      ballast,
      reserve: config.diskReserve,
      now,
      busy: () => liveExecutions(store.reader).length > 0,
      onChange(state) {
        log[state.level === "ok" ? "info" : "warn"](diskWords(state) || "there is room on the disk again; what waited for it goes on");
        noteDisk(deps, state.level);
      },
      onError: stumbled("the change of the disk's room could not be written down"),
    });
    undo.push(() => disk.stop());
    store.onCommit(() => disk.note());
    const clis = knownClis(config);
    const sampleCli = chooseCli(clis, () => false);
    const sample = config.sample ? createSample({ ...deps, cliNames: clis.map((cli) => cli.name) }, sampleCli) : undefined;
    const hub = createHub();
    store.onCommit(() => hub.wake());
    const registry = createRegistry();
    const fleet = createFleet({
      deps,
      registry,
      launcher: createProcessLauncher({
        program: files.runner,
        socketPath: paths.runnerSocket,
        dataDir: paths.dataDir,
        logFolder: paths.runnerLogs,
        env: options.env,
        containment: config.containment,
      }),
      newToken: () => randomBytes(32).toString("base64url"),
      config,
      log: {
        info: (words) => log.info(words),
        warn: (words) => log.warn(words),
        error: (error, words) => stumbled(words)(error),
      },
    });

    const logs = openLogs({ folder: paths.logs, deps, onError: stumbled("a log could not be counted") });
    undo.push(() => logs.close());
    const settings = { ...config, clis };
    let schedule: Schedule | undefined;
    const socket = await openRunnerSocket({
      path: paths.runnerSocket,
      routes: runnerRoutes({
        deps,
        registry,
        logs,
        grantSettings: () => settings,
        epoch,
        renewInterval: config.renewInterval,
        lease: config.lease,
        // A runner that outlived the last supervisor may deliver before this one schedules.
        goOn: (workspaceId) => schedule?.goOn(workspaceId),
        log,
      }),
      interceptors: [translateErrors(log, onFatal)],
      log,
    });
    undo.push(() => socket.close());
    const server = await openHttpServer({
      addresses: config.host === "127.0.0.1" ? ["127.0.0.1", "::1"] : [config.host],
      port: config.port,
      hostNames: config.hostNames,
      webFolder: files.web,
      routes: publicRoutes({
        deps,
        config,
        hub,
        registry,
        fleet,
        disk,
        installation: { id: installationId, version, startedAt },
        tailLog: createTailLog({ deps, logs }),
      }),
      interceptors: [translateErrors(log, onFatal), refuseWhenFull(disk), waitForLock],
      health: () => ({ healthy: statement(store.reader, "SELECT epoch FROM installation").pluck().get() === epoch, version, instance }),
      log,
    }).catch((error: unknown) => {
      throw explainTakenPort(error, config.port);
    });
    undo.push(() => server.close(CLOSE_GRACE));

    // Last, when nothing can fail any more: from here on there are processes.
    await fleet.start();
    schedule = startSchedule({
      deps,
      registry,
      fleet,
      settings,
      leftovers: { executions: paths.executions, tasks: paths.tasks, removeLog: (id) => removeLog(logs, id) },
      hasRoom: () => disk.hasRoom(),
      onError: stumbled("the schedule stumbled; it tries again"),
    });
    const url = `http://${config.host === "::1" ? "[::1]" : "localhost"}:${server.port}`;
    directory.publish(url);

    return {
      url,
      paths,
      sampleCli: sample && sampleCli,
      async stop(steps) {
        schedule?.stop();
        await Promise.all([server.close(CLOSE_GRACE), fleet.shutdown(steps === "keep" ? "keep" : "kill")]);
        await end();
      },
      async drain() {
        schedule?.stop();
        while (liveExecutions(store.reader).length > 0) await sleep(200);
      },
    };
  } catch (error) {
    refusal = error;
    await end();
    throw explainStorage(error, config.dataDir);
  }
}

function explainTakenPort(error: unknown, port: number): unknown {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") {
    return new Problem(
      "unavailable",
      "port_taken",
      `Another program listens on port ${port}, so nothing was started.`,
      `Choose another one (--port ${port === 65_535 ? port - 1 : port + 1}), or see who has it: ss -ltnp 'sport = :${port}'`,
    );
  }
  if (code === "EACCES") {
    return new Problem(
      "forbidden",
      "port_forbidden",
      `This user may not listen on port ${port}, so nothing was started.`,
      "Choose one above 1023 with --port.",
    );
  }
  return error;
}
