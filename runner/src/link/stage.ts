// For tests: a data directory, a played supervisor, and real runners in this process that are linked to it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { GrantSchema, OutputFormat, PromptBy } from "@malamar/proto/malamar/runner/v1/order_pb";
import { DirectoryMode } from "@malamar/proto/malamar/v1/workspace_pb";
import { playSupervisor, type PlayedSupervisor } from "./played-supervisor.ts";
import { serve, type ServeOrder, type Serving } from "./serve.ts";

export interface Stage {
  dataDir: string;
  supervisor: PlayedSupervisor;
  runner: (some?: Partial<ServeOrder>) => Serving;
  /** Answers the next credit with an order; returns the execution's id. */
  grant: (command: string[], some?: MessageInitShape<typeof GrantSchema>) => Promise<string>;
  /** Folder of an execution. */
  folder: (executionId: string) => string;
  /** What is stored of its log. */
  texts: (executionId: string) => string[];
  strike: () => Promise<void>;
}

let count = 0;
const LONGEST_WAIT_MS = 20_000;

export async function setStage(): Promise<Stage> {
  const dataDir = mkdtempSync(join(tmpdir(), "malamar-link-"));
  const socketPath = join(dataDir, "s.sock");
  const supervisor = playSupervisor(socketPath);
  await supervisor.listen();
  const servings: Serving[] = [];

  return {
    dataDir,
    supervisor,
    runner(some = {}) {
      const serving = serve({
        workshop: { runnerId: "runner1", dataDir, environment: { PATH: process.env["PATH"] }, node: process.execPath, demoCli: "" },
        containment: "auto",
        socketPath,
        boot: 1n,
        token: "secret",
        capacity: 2,
        newId: () => `request${(count += 1)}`,
        longestUselessMs: 60_000,
        ...some,
      });
      servings.push(serving);
      return serving;
    },
    async grant(command, some = {}) {
      const { requestId } = await supervisor.next("acquire");
      const init: MessageInitShape<typeof GrantSchema> = {
        requestId,
        executionId: `exec${Date.now()}x${(count += 1)}`,
        fence: 7n,
        workspaceId: "workspace1",
        taskId: "task1",
        directoryMode: DirectoryMode.TEMP,
        input: { agentName: "Tester", answerSchema: "{}" },
        cli: { name: "test", adapter: { case: "custom", value: { command, promptBy: PromptBy.STDIN, outputFormat: OutputFormat.TEXT } } },
        limits: { logCap: 1n << 24n, stopGrace: { seconds: 0n, nanos: 200_000_000 } },
      };
      const value = create(GrantSchema, Object.assign(init, some));
      supervisor.send({ case: "grant", value });
      return value.executionId;
    },
    folder: (executionId) => join(dataDir, "executions", executionId),
    texts: (executionId) => supervisor.log(executionId).map(({ text }) => text),
    async strike() {
      for (const each of servings) each.killAll();
      await Promise.all(servings.map((each) => each.shutDown(0)));
      await supervisor.vanish();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("what was waited for never came");
    await sleep(5);
  }
}
