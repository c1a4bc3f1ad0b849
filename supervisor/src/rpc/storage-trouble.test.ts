import { Code } from "@connectrpc/connect";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { WaitReason } from "@malamar/proto/malamar/v1/task_service_pb";
import { expect, test } from "vitest";
import { Problem } from "#errors/problem.ts";
import type { DiskState } from "#store/disk-state.ts";
import { openTestApi, refusal } from "./open-test-api.ts";
import { refuseWhenFull } from "./refuse-when-full.ts";
import { whileLocked } from "./wait-for-lock.ts";

const disk = (level: DiskState["level"]) => ({ state: (): DiskState => ({ level, since: 5000, free: 2 ** 20, reserve: 200 * 2 ** 20 }) });
const locked = () => new Problem("busy", "database_locked", "Locked.", "Wait.");

test("A3: a disk without room is a pause of the machine that everybody sees, and a task says that it waits for it", async () => {
  const api = openTestApi({ disk: disk("low") });
  const { id } = api.play.task();
  const { system } = await api.system.getSystem({});
  expect(system?.pauses).toMatchObject([
    {
      resource: "machine",
      resourceId: "disk",
      cause: ExecutionOutcome.DISK_FULL,
      detail: expect.stringContaining("nearly full") as string,
    },
  ]);
  expect(system?.pauses[0]).not.toHaveProperty("until");
  await api.play.deps.store.durable();
  const { explanation } = await api.tasks.explainTask({ id });
  expect(explanation).toMatchObject({ reason: WaitReason.DISK_FULL, sentence: expect.stringContaining("Free some space") as string });
  api.shutdown();
});

test("A3: on a full disk what would only take room is refused in words; reading, deleting and stopping is not", () => {
  const asked: string[] = [];
  const call = (level: DiskState["level"], name: string) =>
    refuseWhenFull(disk(level))(((request: { method: { name: string } }) => asked.push(request.method.name)) as never)({
      method: { name },
    } as never);
  for (const name of ["CreateTask", "CreateComment", "UpdateAgent"]) {
    expect(() => call("full", name)).toThrow(expect.objectContaining({ kind: "exhausted", reason: "storage_full" }));
    void call("low", name);
  }
  for (const name of ["GetTask", "ListTasks", "DeleteTask", "CancelTask", "MoveTask", "WatchEvents"]) void call("full", name);
  expect(asked).toHaveLength(9);
});

test("A6: what another program's lock kept from beginning is tried again until it works or the patience is over", async () => {
  let tries = 0;
  await expect(
    whileLocked(() => {
      if (++tries < 4) throw locked();
      return "done";
    }),
  ).resolves.toBe("done");
  const since = performance.now();
  await expect(whileLocked(() => Promise.reject(locked()), 200)).rejects.toThrow("Locked.");
  expect(performance.now() - since).toBeGreaterThanOrEqual(200);
});

test("any other refusal is told at once", async () => {
  let tries = 0;
  const other = () => {
    tries++;
    throw new Problem("busy", "other", "No.", "");
  };
  await expect(whileLocked(other)).rejects.toThrow("No.");
  expect(tries).toBe(1);
});

test("A5: a read that finds that the storage cannot be trusted is fatal, and the caller is told that something failed", async () => {
  const fatal: unknown[] = [];
  const api = openTestApi({}, (error) => fatal.push(error));
  const error = Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_READ" });
  api.play.deps.store.reader.prepare = () => {
    throw error;
  };
  expect(await refusal(api.workspaces.listWorkspaces({ pageToken: "" }))).toMatchObject({ code: Code[Code.Internal] });
  expect(fatal).toEqual([error]);
});
