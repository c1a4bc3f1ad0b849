import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AnswerState, EndCause } from "@malamar/proto/malamar/runner/v1/report_pb";
import { DispositionVerdict, SettledVerdict } from "@malamar/proto/malamar/runner/v1/runner_service_pb";
import { FIXTURES } from "#execute/try-execution.ts";
import { setStage, until, type Stage } from "./stage.ts";

let stage: Stage;
let { dataDir, supervisor, runner, grant, folder, texts }: Stage = {} as Stage;
beforeEach(async () => {
  stage = await setStage();
  ({ dataDir, supervisor, runner, grant, folder, texts } = stage);
});
afterEach(() => stage.strike());

describe("when the supervisor goes away", () => {
  test("the step goes on, its result waits on the disk and is delivered with its whole log", async () => {
    runner();
    const id = await grant(["sh", "-c", `echo before; sleep 0.4; echo after; printf '{"actions":[]}' > {output}`]);
    await until(() => texts(id).length === 1);
    const open = await openRequests();
    await supervisor.vanish();
    await until(() => existsSync(join(folder(id), "output.json")));
    await sleep(300);
    expect(readdirSync(folder(id))).toEqual(expect.arrayContaining(["result.json", "spool.frames"]));
    await supervisor.listen();
    await supervisor.next("hello");
    const hello = await supervisor.next("hello");
    expect(hello.held).toMatchObject([{ executionId: id, fence: 7n, finished: true }]);
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id, cause: EndCause.EXITED, answerState: AnswerState.PRESENT });
    await until(() => !existsSync(join(folder(id), "result.json")));
    expect(texts(id)).toEqual(["before", "after"]);
    expect(existsSync(join(folder(id), "spool.frames"))).toBe(false);
    expect((await openRequests()).filter((each) => open.includes(each))).toEqual(open);
  });

  test("a running step is held, started again in words, and finished", async () => {
    runner();
    const id = await grant(["sh", "-c", "echo one; sleep 0.6; echo two"]);
    const first = await supervisor.next("started");
    await supervisor.vanish();
    await supervisor.listen();
    await supervisor.next("hello");
    expect((await supervisor.next("hello")).held).toMatchObject([{ executionId: id, finished: false }]);
    expect(await supervisor.next("started")).toEqual(first);
    await supervisor.next("complete");
    expect(texts(id)).toEqual(["one", "two"]);
  });

  test("a flood while it is away is spooled and arrives without a gap", async () => {
    runner();
    const id = await grant(["sh", "-c", `echo start; sleep 0.2; ${join(FIXTURES, "floods.py")} 4`]);
    await until(() => texts(id).length === 1);
    await supervisor.vanish();
    await until(() => existsSync(join(folder(id), "result.json")));
    expect(readFileSync(join(folder(id), "spool.frames")).length).toBeGreaterThan(1000);
    await supervisor.listen();
    await supervisor.next("complete");
    await until(() => !existsSync(join(folder(id), "spool.frames")));
    const lines = supervisor.log(id);
    expect(lines.map(({ number }) => Number(number))).toEqual(lines.map((_, at) => at + 1));
    expect(lines.at(-1)?.text).toBe("the end of the flood");
    expect(lines).toHaveLength(Math.floor((4 * 1024 * 1024) / 370) + 2);
  });

  test("a report that is not settled comes again", async () => {
    supervisor.settle = false;
    runner();
    const id = await grant(["true"]);
    await supervisor.next("complete");
    await until(() => existsSync(join(folder(id), "result.json")));
    const again = await supervisor.next("complete");
    expect(again).toMatchObject({ executionId: id });
    supervisor.send({ case: "settled", value: { executionId: id, verdict: SettledVerdict.ALREADY } });
    await until(() => !existsSync(join(folder(id), "result.json")));
  });

  test("a report does not wait for ever for a log that nobody takes", async () => {
    supervisor.storeLogs = false;
    runner();
    const id = await grant(["sh", "-c", `${join(FIXTURES, "floods.py")} 8`]);
    const complete = await supervisor.next("complete");
    expect(complete).toMatchObject({ executionId: id });
    expect(new Set(supervisor.frames.map(({ sequence }) => sequence)).size).toBeLessThan(Number(complete.lastLogFrame));
  });

  test("what the supervisor wants to drop is killed and forgotten", async () => {
    runner();
    const running = await grant(["sleep", "600"]);
    const { pid } = await supervisor.next("started");
    supervisor.settle = false;
    const finished = await grant(["true"]);
    await supervisor.next("complete");
    await supervisor.vanish();
    supervisor.completes.length = 0;
    const verdict = DispositionVerdict.DROP;
    supervisor.welcome = {
      dispositions: [
        { executionId: running, verdict },
        { executionId: finished, verdict },
      ],
    };
    await supervisor.listen();
    await until(() => !existsSync(join(folder(finished), "result.json")) && !existsSync(join(folder(running), "tmp")));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await sleep(100);
    expect(supervisor.completes).toEqual([]);
  });

  test("a later boot of the runner delivers what an earlier one left", async () => {
    supervisor.settle = false;
    runner();
    const id = await grant(["sh", "-c", "echo hello; exit 3"]);
    const first = await supervisor.next("complete");
    await until(() => existsSync(join(folder(id), "result.json")));
    await supervisor.next("hello");
    runner({ boot: 2n });
    expect((await supervisor.next("hello")).held).toMatchObject([{ executionId: id, fence: 7n, finished: true }]);
    expect(await supervisor.next("complete")).toEqual(first);
    mkdirSync(join(dataDir, "executions", "empty"));
    runner({ boot: 1n, workshop: { runnerId: "runner2", dataDir, environment: {}, node: "", demoCli: "" } });
    expect((await supervisor.next("hello")).held).toEqual([]);
  });
});

describe("the end of a runner", () => {
  test("comes when it carries nothing and nobody is there", async () => {
    await supervisor.vanish();
    const since = performance.now();
    await runner({ longestUselessMs: 300 }).done;
    expect(performance.now() - since).toBeGreaterThan(300);
    await supervisor.listen();
  });

  test("does not come as long as it carries something", async () => {
    const serving = runner({ longestUselessMs: 100 });
    const id = await grant(["sh", "-c", "sleep 1"]);
    await supervisor.next("started");
    await supervisor.vanish();
    const ended = await Promise.race([serving.done.then(() => true), sleep(700, false)]);
    expect(ended).toBe(false);
    await supervisor.listen();
    expect(await supervisor.next("complete")).toMatchObject({ executionId: id });
  });

  test("comes when the data directory is gone, because nothing can be delivered any more", async () => {
    const serving = runner({ longestUselessMs: 100 });
    await grant(["sleep", "600"]);
    const { pid } = await supervisor.next("started");
    await supervisor.vanish();
    rmSync(join(dataDir, "executions"), { recursive: true });
    await serving.done;
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await supervisor.listen();
  });

  test("comes at once when it is retired with empty hands, and after delivery otherwise", async () => {
    const idle = runner();
    await supervisor.next("hello");
    supervisor.send({ case: "retire", value: {} });
    await idle.done;
    const busy = runner();
    await supervisor.next("hello");
    while (supervisor.waiting("acquire") > 2) await supervisor.next("acquire");
    const id = await grant(["sh", "-c", "sleep 0.2; echo late"]);
    await supervisor.next("started");
    supervisor.send({ case: "retire", value: {} });
    await busy.done;
    expect(supervisor.completes.map(({ executionId }) => executionId)).toEqual([id]);
    expect(texts(id)).toEqual(["late"]);
  });

  test("stops everything first when it is shut down, and delivers that", async () => {
    const serving = runner();
    const id = await grant([join(FIXTURES, "ignores-signals.sh")]);
    await until(() => texts(id).length === 1);
    await serving.shutDown(5_000);
    expect(supervisor.completes).toMatchObject([{ executionId: id, cause: EndCause.SUPERVISOR_STOPPING }]);
  });

  test("leaves its results on the disk when nobody is there at its shutdown", async () => {
    const serving = runner();
    const id = await grant(["sleep", "600"]);
    await supervisor.next("started");
    await supervisor.vanish();
    await serving.shutDown(5_000);
    expect(JSON.parse(readFileSync(join(folder(id), "result.json"), "utf8"))).toMatchObject({ report: { cause: "supervisor_stopping" } });
    await supervisor.listen();
  });
});

/** The ids of the credits that wait now; they stay there for the test to use. */
async function openRequests(): Promise<string[]> {
  const ids: string[] = [];
  await until(() => supervisor.waiting("acquire") > 0);
  while (supervisor.waiting("acquire") > 0) ids.push((await supervisor.next("acquire")).requestId);
  return ids;
}
