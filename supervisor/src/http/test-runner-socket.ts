import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { customAlphabet } from "nanoid";
import { pino } from "pino";
import { type CustomCli, knownClis } from "#config/cli.ts";
import { openLogs } from "#logs/logs.ts";
import type { GrantSettings } from "#loop/build-grant.ts";
import { play } from "#loop/play.ts";
import { startStep } from "#loop/start-step.ts";
import { runnerRoutes } from "#rpc/runner-service.ts";
import { dialAsRunner } from "#rpc/test-runner.ts";
import { translateErrors } from "#rpc/translate-errors.ts";
import { registerRunner } from "#runners/register-runner.ts";
import { createRegistry } from "#runners/registry.ts";
import { openRunnerSocket, type RunnerSocketOptions } from "./runner-socket.ts";

const GRANT_SETTINGS: GrantSettings = {
  clis: knownClis({ clis: {} }),
  timeLimits: { timeLimit: 0, silenceWarning: 300_000, silenceLimit: 1_800_000 },
  logCap: 64 * 1024 * 1024,
  stopGrace: 200,
  finishGrace: 15_000,
};

/** A supervisor's end of the runner protocol: real socket, real database, a workspace with two agents. For tests. */
export async function openTestRunnerSocket(options: Partial<RunnerSocketOptions> & { helloTimeout?: number; custom?: CustomCli } = {}) {
  const { helloTimeout, custom, ...socketOptions } = options;
  // The agents of the scene name the demo CLI, whatever that is here.
  const clis = custom === undefined ? GRANT_SETTINGS.clis : [{ name: "demo", title: "Test", kind: "custom" as const, custom }];
  const settings = { ...GRANT_SETTINGS, clis };
  const folder = mkdtempSync(join(tmpdir(), "malamar-socket-"));
  const path = join(folder, "run", "runner.sock");
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
  const scene = play();
  // Processes carry their execution's id, and somebody else may run the same tests on this machine at the same time.
  scene.deps.newId = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 21);
  const { deps, workspaceId } = scene;
  const registry = createRegistry();
  const onError = (error: unknown) => log.error(error);
  const logs = openLogs({ folder, deps, onError, countInterval: 30 });
  const routes = runnerRoutes({
    deps,
    registry,
    logs,
    grantSettings: () => settings,
    epoch: 7,
    renewInterval: 10_000,
    lease: 300_000,
    log,
    ...(helloTimeout === undefined ? {} : { helloTimeout }),
  });
  const listen = () => openRunnerSocket({ path, routes, interceptors: [translateErrors(log)], log, ...socketOptions });
  let socket = await listen();
  return {
    ...scene,
    path,
    folder,
    logged,
    registry,
    logs,
    settings,
    socket,
    async goAway() {
      await socket.close();
    },
    async comeBack() {
      socket = await listen();
    },
    /** The one that `play` leases to. */
    runner: dialAsRunner(path, { id: "runner", token: "secret of runner" }),
    dial: (id: string, token = `secret of ${id}`) => dialAsRunner(path, { id, token }),
    register(id: string, workspaceIds: string[] = [workspaceId], boot = 1) {
      registerRunner(deps, { id, boot, token: `secret of ${id}`, workspaceIds });
    },
    /** What the schedule does: leases the next step with a credit of the workspace's runner. */
    lease() {
      return startStep(deps, workspaceId, () => registry.takeCredit(workspaceId));
    },
    async close() {
      await socket.close();
      logs.close();
      deps.store.close();
      await rm(folder, { recursive: true });
    },
  };
}
