import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { TailLogRequestSchema } from "@malamar/proto/malamar/v1/execution_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listExecutions } from "#executions/execution-table.ts";
import { createTailLog } from "#rpc/tail-log.ts";
import { createFleet, type Fleet } from "#runners/fleet.ts";
import { isAlive } from "#runners/process-identity.ts";
import { createProcessLauncher } from "#runners/process-launcher.ts";
import { livingRunners } from "#runners/runner-table.ts";
import { startSchedule } from "#schedule/loop.ts";
import { openTestRunnerSocket } from "./test-runner-socket.ts";

// The real runner program, from its sources, with a shell script as its CLI.
const program = fileURLToPath(new URL("../../../runner/src/main.ts", import.meta.url));
const SKIP = `printf '{"actions":[{"type":"skip"}]}' > "$1"`;

let house: Awaited<ReturnType<typeof openTestRunnerSocket>>;
let fleet: Fleet;
let schedule: ReturnType<typeof startSchedule>;
let signals: string;

/** @param script what the CLI does; `$1` is the answer's path, `$2` a folder for signs to and from the test */
async function start(script: string) {
  const custom = {
    command: ["sh", "-c", script, "cli", "{output}", signals],
    promptBy: "stdin" as const,
    outputFormat: "text" as const,
    successPattern: "",
    outcomePatterns: [],
    env: {},
    envPass: [],
  };
  house = await openTestRunnerSocket({ custom });
  const { deps, registry, folder: dataDir, path: socketPath, settings } = house;
  fleet = createFleet({
    deps,
    registry,
    launcher: createProcessLauncher({ program, socketPath, dataDir, logFolder: join(dataDir, "out"), env: process.env, pollInterval: 50 }),
    newToken: () => "a token",
    config: { workspacesPerRunner: 1, warmSpare: false, runnerIdle: 60_000, lease: 300_000 },
    times: { tick: 50 },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  const folders = { executions: join(dataDir, "executions"), tasks: join(dataDir, "tasks"), logs: dataDir };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const onError = (error: unknown) => {
    throw error;
  };
  schedule = startSchedule({
    deps,
    registry,
    fleet,
    settings: { ...settings, maxExecutions: 0 },
    leftovers: { ...folders, removeLog: async () => {} },
    onError,
  });
  return house.task();
}

beforeEach(() => {
  signals = mkdtempSync(join(tmpdir(), "malamar-signs-"));
});
afterEach(async () => {
  schedule.stop();
  await fleet.shutdown("kill");
  const left = processes();
  await house.close();
  rmSync(signals, { recursive: true });
  if (left.length > 0) throw new Error(`Left behind: ${left.join("; ")}`);
});

/** Every process that belongs to this test: its folders stand in the arguments of runner and CLI, and daemons carry the marker. */
function processes(): string[] {
  const markers = executions().map(({ id }) => `MALAMAR_EXECUTION_ID=${id}`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        const inherited = environment.includes(`HOME=${process.env["HOME"]}`) && markers.some((marker) => environment.includes(marker));
        return command.includes(house.folder) || command.includes(signals) || inherited ? [command] : [];
      } catch {
        return [];
      }
    });
}

const executions = () => listExecutions(house.deps.store.reader, { workspaceId: house.workspaceId, limit: 50 });
const newest = () => executions()[0];
const soon = { timeout: 15_000, interval: 20 };
const sign = (name: string) => join(signals, name);
const signed = (name: string) => expect.poll(() => existsSync(sign(name)), soon).toBe(true);

async function logOf(executionId: string): Promise<string[]> {
  const tail = createTailLog({ deps: house.deps, logs: house.logs });
  const lines: string[] = [];
  for await (const answer of tail(create(TailLogRequestSchema, { executionId, follow: true }), { signal: AbortSignal.timeout(15_000) })) {
    for (const line of answer.lines ?? []) lines.push(line.text ?? "");
    if (answer.complete) return lines;
  }
  throw new Error("The log did not become complete.");
}

test("a task goes through its agents to review, with everything they printed", async () => {
  const task = await start(`echo "hello from $MALAMAR_EXECUTION_ID"; ${SKIP}`);
  await expect.poll(() => house.read(task.id).status, soon).toBe("in_review");
  expect(house.read(task.id).attention).toBe("converged");
  expect(executions().map(({ agentName, outcome, logComplete }) => ({ agentName, outcome, logComplete }))).toEqual([
    { agentName: "Implementer", outcome: "finished", logComplete: true },
    { agentName: "Planner", outcome: "finished", logComplete: true },
  ]);
  const { id } = executions()[0]!;
  expect(await logOf(id)).toEqual([`hello from ${id}`]);
});

test("a flood of output arrives whole and in order", async () => {
  await start(`seq 1 200000; ${SKIP}`);
  await expect.poll(() => executions().at(-1)?.state, soon).toBe("ended");
  const lines = await logOf(executions().at(-1)!.id);
  expect(lines).toHaveLength(200_000);
  expect(lines.every((text, index) => text === String(index + 1))).toBe(true);
});

test("a step goes on while the supervisor is away, and is delivered with its log when it is back", async () => {
  await start(`echo before; touch $2/started; while [ ! -e $2/go ]; do sleep 0.02; done; echo after; ${SKIP}`);
  await signed("started");
  await expect.poll(() => newest()?.state, soon).toBe("running");
  const step = newest()!;
  await house.goAway();
  expect(house.registry.attached()).toEqual([]);
  writeFileSync(sign("go"), "");
  await expect.poll(() => isAlive(step), soon).toBe(false);
  await house.comeBack();
  await expect.poll(() => executions().find(({ id }) => id === step.id)?.outcome, soon).toBe("finished");
  expect(await logOf(step.id)).toEqual(["before", "after"]);
});

test("when the runner is killed, the next one proves its CLI and its daemons dead, and the step starts again", async () => {
  await start(`trap '' INT TERM HUP; setsid sleep 600 & touch $2/started; while :; do sleep 0.1; done`);
  await signed("started");
  await expect.poll(() => newest()?.state, soon).toBe("running");
  const lost = newest()!;
  process.kill(livingRunners(house.deps.store.reader)[0]!.pid, "SIGKILL");
  await expect.poll(() => executions().find(({ id }) => id === lost.id)?.outcome, soon).toBe("runner_lost");
  expect(isAlive(lost)).toBe(false);
  const marker = `MALAMAR_EXECUTION_ID=${lost.id}`;
  const marked = readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(marker);
    } catch {
      return false;
    }
  });
  expect(marked).toEqual([]);
  house.deps.pass(60_000);
  schedule.goOn(house.workspaceId);
  await expect.poll(() => newest()?.id !== lost.id && newest()?.state, soon).toBe("running");
});

test("stopping everything delivers the step and leaves nothing, also of a CLI that ignores every signal", async () => {
  await start(`trap '' INT TERM HUP; setsid sleep 600 & echo working; touch $2/started; while :; do sleep 0.1; done`);
  await signed("started");
  await expect.poll(() => newest()?.state, soon).toBe("running");
  const step = newest()!;
  schedule.stop();
  await fleet.shutdown("kill");
  expect(processes()).toEqual([]);
  expect(executions()[0]).toMatchObject({ id: step.id, state: "ended", outcome: "supervisor_stopping" });
  expect(await logOf(step.id)).toEqual(["working", "1 process that the CLI left behind had to be ended."]);
});
