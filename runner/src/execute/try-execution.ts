// For tests: carries one order out with real processes in a real folder, and keeps what a supervisor would get.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { LogChunkSchema, type LogLine } from "@malamar/proto/malamar/v1/log_pb";
import type { ContainmentSetting } from "#process/containment.ts";
import { createEnclosures } from "#process/enclosures.ts";
import type { CustomCli } from "#clis/cli.ts";
import { startExecution, type Execution } from "./execute.ts";
import type { Frame } from "./frame.ts";
import type { Limits, Order } from "./order.ts";
import type { Workshop } from "./prepare.ts";
import type { Report } from "./report.ts";
import { createSpareFolders } from "#workdir/spare-folder.ts";

export const FIXTURES = join(import.meta.dirname, "../../fixtures");

const INPUT: Order["input"] = {
  workspaceTitle: "Test",
  workspaceInstruction: "",
  agentName: "Tester",
  agentInstruction: "Do it.",
  otherAgents: [],
  runNumber: 1,
  passNumber: 1,
  reason: "The task was created.",
  taskKey: "TES-1",
  taskSummary: "A task",
  taskDescription: "",
  taskKind: "",
  notes: [],
  comments: [],
  activities: [],
  commentsLeftOut: 0,
  activitiesLeftOut: 0,
  answerSchema: "{}",
};

export const LIMITS: Limits = {
  time: null,
  silenceWarning: null,
  silence: null,
  logCap: 16 * 1024 * 1024,
  stopGrace: 200,
  finishGrace: 15_000,
};

export interface TryOrder {
  command: string[];
  cli?: Partial<CustomCli>;
  limits?: Partial<Limits>;
  environment?: NodeJS.ProcessEnv;
  directory?: Order["directory"];
}

export interface Tried {
  execution: Execution;
  report: Report;
  frames: Frame[];
  lines: LogLine[];
  /** The text of stdout and stderr lines, in order. */
  printed: string[];
}

export interface Trial {
  dataDir: string;
  order: (order: TryOrder) => Order;
  start: (order: TryOrder) => { execution: Execution; started: Promise<void>; ended: Promise<Tried> };
  workshop: (environment?: NodeJS.ProcessEnv) => Workshop;
  remove: () => void;
}

export function createTrial(containment: ContainmentSetting = "auto"): Trial {
  const dataDir = mkdtempSync(join(tmpdir(), "malamar-runner-"));
  const spares = createSpareFolders(dataDir, "runner1");
  const enclosures = createEnclosures(containment);
  let count = 0;

  const toOrder = ({ command, cli, limits, directory }: TryOrder): Order => {
    count += 1;
    return {
      executionId: `trial${process.pid}x${Date.now()}x${count}`,
      fence: BigInt(count),
      workspaceId: "workspace1",
      taskId: "task1",
      directory: directory ?? { mode: "temp" },
      input: INPUT,
      cli: {
        name: "test",
        model: "",
        adapter: {
          kind: "custom",
          command,
          promptBy: "stdin",
          outputFormat: "text",
          successPattern: "",
          outcomePatterns: [],
          env: {},
          envPass: [],
          ...cli,
        },
      },
      limits: { ...LIMITS, ...limits },
    };
  };

  const workshop = (environment: NodeJS.ProcessEnv = { PATH: process.env["PATH"] }): Workshop => ({
    runnerId: "runner1",
    dataDir,
    environment,
    node: process.execPath,
    demoCli: join(import.meta.dirname, "../clis/demo/demo-cli.ts"),
    spares,
    enclosures,
  });

  return {
    dataDir,
    order: toOrder,
    workshop,
    start(order) {
      const frames: Frame[] = [];
      let started = (): void => {};
      let ended = (_tried: Tried): void => {};
      const whenStarted = new Promise<void>((resolve) => (started = resolve));
      const whenEnded = new Promise<Tried>((resolve) => (ended = resolve));
      const execution = startExecution(toOrder(order), workshop(order.environment), {
        started: () => started(),
        logged({ shipper }) {
          for (let frame = shipper.next(); frame !== null; frame = shipper.next()) {
            frames.push(frame);
            shipper.stored(frame.sequence + 1);
          }
        },
        ended(of, report) {
          const lines = frames.flatMap(({ payload }) => fromBinary(LogChunkSchema, zstdDecompressSync(payload)).lines);
          const printed = lines.filter(({ stream }) => stream !== 3).map(({ text }) => text);
          ended({ execution: of, report, frames, lines, printed });
        },
      });
      return { execution, started: whenStarted, ended: whenEnded };
    },
    remove() {
      spares.remove();
      enclosures.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
