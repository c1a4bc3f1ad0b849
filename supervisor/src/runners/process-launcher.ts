import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastWords } from "./last-words.ts";
import type { LaunchOrder, LivingRunner, RunnerEnd, RunnerLauncher } from "./launcher.ts";
import { isAlive, pids, processFacts, processStrings, signalProcess } from "./process-identity.ts";

export interface ProcessLauncherOptions {
  /** The runner program, JavaScript or TypeScript that this Node can run. */
  program: string;
  socketPath: string;
  dataDir: string;
  /** Folder for what runners print, one file each. */
  logFolder: string;
  /** The supervisor's environment; runners get it without our own settings. */
  env: NodeJS.ProcessEnv;
  /** Word of the setting. */
  containment?: string;
  /** Milliseconds between looks at runners that an earlier supervisor started. */
  pollInterval?: number;
}

/**
 * Lean, since there may be one runner per workspace: a small young generation and no compiler threads of its own. Not leaner,
 * since a smaller old generation would end the runner in a flood of output.
 */
const LEAN_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=256", "--v8-pool-size=0"];

/** The demo agent's own variable, which is no setting of ours. The marker of an execution must never pass: its sweep would end the runner. */
const PASSED = new Set(["MALAMAR_DEMO_PACE"]);

/** Runners as child processes of this machine that outlive their supervisor. */
export function createProcessLauncher({
  program,
  socketPath,
  dataDir,
  logFolder,
  env,
  containment = "auto",
  pollInterval = 2_000,
}: ProcessLauncherOptions): RunnerLauncher {
  const children = new Map<string, { child: ChildProcess; living: LivingRunner }>();
  const logOf = (runnerId: string) => join(logFolder, `${runnerId}.log`);

  function ended(runnerId: string, sentence: string, clean: boolean): RunnerEnd {
    const log = logOf(runnerId);
    const words = lastWords(log);
    if (words === "") rmSync(log, { force: true });
    return { clean, sentence: words === "" || clean ? sentence : `${sentence} Its last words, from ${log}: ${words}` };
  }

  return {
    async probe() {
      try {
        accessSync(program, constants.R_OK);
      } catch {
        return `The runner program ${program} cannot be read, so no step can be carried out. Build or install Malamar again.`;
      }
      // Without it a process that took over a runner's number could be killed in its place.
      if (!existsSync("/proc/self/stat")) return "This system has no /proc, which Malamar needs to tell its runners from other processes.";
      return undefined;
    },

    async launch({ runnerId, boot, token }: LaunchOrder) {
      const present = children.get(runnerId);
      if (present !== undefined && isAlive(present.living)) return present.living;
      mkdirSync(logFolder, { recursive: true, mode: 0o700 });
      const log = openSync(logOf(runnerId), "a", 0o600);
      const args = [...LEAN_FLAGS, program, "--socket", socketPath, "--id", runnerId, "--boot", String(boot), "--data-dir", dataDir];
      if (containment !== "auto") args.push("--containment", containment);
      const passed = Object.entries(env).filter(([name]) => !name.startsWith("MALAMAR_") || PASSED.has(name));
      let child;
      try {
        // A session of its own: a Ctrl-C on the supervisor's terminal is not meant for runners.
        child = spawn(process.execPath, args, { cwd: dataDir, env: Object.fromEntries(passed), detached: true, stdio: ["pipe", log, log] });
      } finally {
        closeSync(log);
      }
      if (child.pid === undefined) {
        const [error] = (await once(child, "error")) as [Error];
        throw new Error(`The runner program could not be started: ${error.message}`, { cause: error });
      }
      child.on("error", () => {});
      // A runner that ends before it reads its token says why itself.
      child.stdin?.on("error", () => {});
      child.stdin?.end(`${token}\n`);
      child.unref();
      const living = { runnerId, pid: child.pid, pidStartTicks: processFacts(child.pid)?.startTicks ?? 0 };
      children.set(runnerId, { child, living });
      child.once("exit", () => children.delete(runnerId));
      return living;
    },

    async list() {
      const found: LivingRunner[] = [];
      for (const pid of pids()) {
        const args = processStrings(pid, "cmdline");
        const runnerId = argument(args, "--id");
        // Not by the program's path: the one before an upgrade may have been another.
        if (runnerId === undefined || argument(args, "--data-dir") !== dataDir || !args.includes("--socket")) continue;
        const facts = processFacts(pid);
        if (facts === undefined) continue;
        const living = { runnerId, pid, pidStartTicks: facts.startTicks };
        if (isAlive(living)) found.push(living);
      }
      return found;
    },

    watch(runner, onEnd) {
      const own = children.get(runner.runnerId);
      if (own?.living.pid === runner.pid) {
        const heard = (code: number | null, signal: string | null) =>
          onEnd(
            ended(
              runner.runnerId,
              signal === null ? `The runner program ended with exit code ${code}.` : `The runner program was ended by ${signal}.`,
              code === 0,
            ),
          );
        own.child.once("exit", heard);
        return () => own.child.off("exit", heard);
      }
      const timer = setInterval(() => {
        if (isAlive(runner)) return;
        clearInterval(timer);
        onEnd(ended(runner.runnerId, "The runner program is gone.", false));
      }, pollInterval);
      timer.unref();
      return () => clearInterval(timer);
    },

    async tidy() {
      const executions = join(dataDir, "executions");
      // Read before the runners are asked for, so that none is taken for dead that has only just come.
      const spares = (await readdir(executions).catch(() => [])).filter((name) => name.startsWith(SPARE));
      const runners = (await this.list()).map(({ runnerId }) => runnerId);
      const kept = new Set(runners.map((runnerId) => SPARE + runnerId));
      for (const name of spares) if (!kept.has(name)) await rm(join(executions, name), { recursive: true, force: true });
      const living = new Set(runners.map(logOf));
      for (const name of await readdir(logFolder).catch(() => [])) {
        const log = join(logFolder, name);
        const facts = await stat(log).catch(() => undefined);
        if (facts !== undefined && !living.has(log) && Date.now() - facts.mtimeMs > KEEP_LOGS) await rm(log, { force: true });
      }
    },

    async stop(runner, grace) {
      // Asked once, a runner lets its CLIs end politely; asked again, it kills them. Only killing it would leave them behind.
      for (let asked = 0; asked < 2; asked++) {
        signalProcess(runner, "SIGTERM");
        if (await goneWithin(runner, grace / 2)) return;
      }
      signalProcess(runner, "SIGKILL");
      if (await goneWithin(runner, 5_000)) return;
      throw new Error(
        `Runner ${runner.runnerId} (process ${runner.pid}) is still there after SIGKILL; nothing was started in its place. ` +
          "It may hang in the kernel on a file system that does not answer.",
      );
    },
  };
}

/** The folder that a runner has ready for its next execution is named after it. */
const SPARE = ".spare-";

/** Milliseconds. What runners printed is for finding out why they ended. */
const KEEP_LOGS = 7 * 86_400_000;

async function goneWithin(runner: LivingRunner, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (isAlive(runner)) {
    if (performance.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

function argument(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args[at + 1];
}
