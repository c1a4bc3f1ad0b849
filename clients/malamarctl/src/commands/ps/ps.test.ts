import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Containment, ExecutionState } from "@malamar/proto/malamar/v1/execution_pb";
import { LiveExecutionSchema } from "@malamar/proto/malamar/v1/system_service_pb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "#fake-malamar/run.ts";
import { type FakeMalamar, startFakeMalamar } from "#fake-malamar/start.ts";
import { NOON } from "#fake-malamar/state.ts";
import { bytesText } from "#output/bytes.ts";

let malamar: FakeMalamar;
beforeEach(async () => {
  malamar = await startFakeMalamar();
});
afterEach(() => malamar.stop());

test("says what runs, how it is contained, and what it uses; what was not measured stays empty", async () => {
  const common = { taskKey: "MAL-1", agentName: "Planner", cli: "demo", state: ExecutionState.RUNNING, runnerId: "r00000000000000000001" };
  const startedAt = timestampFromMs(NOON - 90_000);
  malamar.state.processes.push(
    create(LiveExecutionSchema, {
      ...common,
      executionId: "e1",
      containment: Containment.L2,
      pid: 4711,
      startedAt,
      processes: 3,
      memoryBytes: 157_286_400n,
    }),
    create(LiveExecutionSchema, { ...common, executionId: "e2", containment: Containment.L0, state: ExecutionState.LEASED }),
  );
  const { code, out } = await run(malamar.url, ["ps"]);
  expect(code).toBe(0);
  const lines = out.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(lines[0]).toEqual(["KEY", "AGENT", "CLI", "STATE", "LEVEL", "PID", "FOR", "PROCESSES", "MEMORY", "RUNNER", "ID"]);
  expect(lines[1]).toEqual(["MAL-1", "Planner", "demo", "running", "L2", "4711", "1m30s", "3", "150 MiB", "r00000000000000000001", "e1"]);
  expect(lines[2]).toEqual(["MAL-1", "Planner", "demo", "leased", "L0", "r00000000000000000001", "e2"]);
  expect(out).toContain("Runners");
  const { out: json } = await run(malamar.url, ["ps", "-o", "json"]);
  expect(JSON.parse(json)).toMatchObject({ executions: [{ executionId: "e1", processes: 3, memoryBytes: "157286400" }, {}] });
});

test("without an execution it says so and still shows the runners", async () => {
  expect((await run(malamar.url, ["ps"])).out).toContain("No execution runs.");
});

test("bytes are said in the unit that people read", () => {
  expect([0, 512, 1536, 10_240, 157_286_400, 5 * 1024 ** 3].map(bytesText)).toEqual([
    "0 B",
    "512 B",
    "1.5 KiB",
    "10 KiB",
    "150 MiB",
    "5.0 GiB",
  ]);
});
