import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { createTrial, FIXTURES, type TryOrder } from "./try-execution.ts";

const trial = createTrial();
afterAll(() => trial.remove());

const run = (order: TryOrder) => trial.start(order).ended;
const fixture = (name: string, ...args: string[]) => [join(FIXTURES, name), ...args];
const inNode = (name: string, ...args: string[]) => [process.execPath, join(FIXTURES, name), ...args];
const ANSWER = `printf '{"actions":[{"type":"skip"}]}' > {output}`;

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

/** Whether a process with this argument lives. Its own idea of its pid may be that of a namespace. */
function livesWith(argument: string): boolean {
  return readdirSync("/proc").some((name) => {
    try {
      return /^\d+$/.test(name) && lives(Number(name)) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(argument);
    } catch {
      return false;
    }
  });
}

describe("an execution that goes well", () => {
  test("reports the exit, the answer's bytes and the facts", async () => {
    const { report } = await run({ command: ["sh", "-c", `echo hello; echo oops >&2; ${ANSWER}`] });
    expect(report).toMatchObject({ cause: "exited", exitCode: 0, signal: "", answerState: "present", error: "", stderrTail: "oops\n" });
    expect(Buffer.from(report.answer).toString()).toBe('{"actions":[{"type":"skip"}]}');
    expect(report.facts.finalLine).toBe("not_expected");
    expect(report.startedAt).toBeGreaterThan(0);
    expect(report.endedAt).toBeGreaterThanOrEqual(report.startedAt ?? 0);
  });

  test("B16: tells the agent one sentence on stdin, however long its input, and then closes it", async () => {
    const { printed, execution } = await run({ command: ["cat"] });
    expect(printed).toEqual([`Read the file at ${execution.folder.input} and follow it autonomously.`]);
  });

  test("keeps what an audit needs in a private folder and nothing else", async () => {
    const { execution } = await run({ command: ["sh", "-c", `echo out; echo err >&2; touch "$TMPDIR/left"; ${ANSWER}`] });
    const { folder } = execution;
    expect(readdirSync(folder.path).toSorted()).toEqual(
      ["input.md", "meta.json", "output.json", "prompt.txt", "stderr.log", "stdout.log", "tmp"].toSorted(),
    );
    expect(readFileSync(folder.stdout, "utf8")).toBe("out\n");
    expect(readFileSync(folder.stderr, "utf8")).toBe("err\n");
    const meta = JSON.parse(readFileSync(folder.meta, "utf8")) as Record<string, unknown>;
    expect(meta).toMatchObject({ cause: "exited", exit_code: 0, runner_id: "runner1", cli: "test" });
    expect(meta["pid"]).toBe(execution.process()?.pid);
  });

  test("works in the task's own folder, which is made once and kept", async () => {
    await run({ command: ["sh", "-c", "echo first > kept.txt"] });
    const { printed } = await run({ command: ["sh", "-c", "cat kept.txt; pwd"] });
    expect(printed).toEqual(["first", join(trial.dataDir, "tasks/task1")]);
  });

  test("works in the given directory in static mode", async () => {
    const path = join(trial.dataDir, "given");
    mkdirSync(path);
    const { printed } = await run({ command: ["pwd"], directory: { mode: "static", path } });
    expect(printed).toEqual([path]);
  });

  test("numbers the lines of both streams without a gap", async () => {
    const { lines } = await run({ command: ["sh", "-c", "for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done"] });
    expect(lines.map(({ number }) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lines.filter(({ stream }) => stream === 2).map(({ text }) => text)).toEqual(["e1", "e2", "e3", "e4", "e5"]);
  });
});

describe("the environment of a CLI", () => {
  test("is exactly the allow-list, its own variables and the marks", async () => {
    const secrets = {
      MALAMAR_TOKEN: "canary",
      LD_PRELOAD: "canary",
      NODE_OPTIONS: "--no-warnings",
      AWS_SECRET: "canary",
      ANTHROPIC_BASE_URL: "canary",
    };
    const passed = {
      PATH: process.env["PATH"],
      HOME: "/home/x",
      LC_ALL: "C.UTF-8",
      https_proxy: "http://p",
      SSH_AUTH_SOCK: "/s",
      XDG_RUNTIME_DIR: "/r",
    };
    const { printed, execution } = await run({
      command: inNode("prints-environment.mjs"),
      environment: { ...secrets, ...passed, TEAM_A: "a", TEAM_B: "b", TERM: "xterm", OTHER: "x" },
      cli: { envPass: ["TEAM_*"], env: { OWN: "1", TEAM_B: "mine", TMPDIR: "/never" } },
    });
    expect(JSON.parse(printed[0] ?? "")).toEqual({
      ...passed,
      TERM: "dumb",
      NO_COLOR: "1",
      TEAM_A: "a",
      TEAM_B: "mine",
      OWN: "1",
      TMPDIR: execution.folder.temporary,
      MALAMAR_EXECUTION_ID: execution.order.executionId,
      MALAMAR_TASK_ID: "task1",
      MALAMAR_WORKSPACE_ID: "workspace1",
    });
  });
});

describe("a CLI that cannot be started", () => {
  test("B15: is missing when no program of that name is found", async () => {
    const { report } = await run({ command: ["no-such-program"] });
    expect(report).toMatchObject({ cause: "cli_missing", exitCode: null, startedAt: null, lastLogFrame: 0, answerState: "missing" });
    expect(report.error).toContain("no-such-program");
  });

  test("B10: is not blamed when the working directory is missing", async () => {
    const { report } = await run({ command: ["true"], directory: { mode: "static", path: "/no/such/directory" } });
    expect(report).toMatchObject({ cause: "directory_missing", startedAt: null });
    expect(report.error).toContain("/no/such/directory");
  });

  test("is not started in a directory that is a file", async () => {
    const path = join(trial.dataDir, "a-file");
    writeFileSync(path, "");
    expect((await run({ command: ["true"], directory: { mode: "static", path } })).report.cause).toBe("directory_missing");
  });

  test("fails to spawn when it may not be executed", async () => {
    const path = join(trial.dataDir, "not-executable");
    writeFileSync(path, "#!/bin/sh\n", { mode: 0o644 });
    expect((await run({ command: [path] })).report).toMatchObject({ cause: "spawn_failed", exitCode: null });
  });

  test("fails to spawn when the interpreter of a script is missing", async () => {
    const path = join(trial.dataDir, "bad-interpreter");
    writeFileSync(path, "#!/no/such/interpreter\n", { mode: 0o755 });
    const { report } = await run({ command: [path] });
    expect(report.cause).toBe("spawn_failed");
    expect(report.error).toContain("interpreter");
  });

  test("fails to spawn with words when a placeholder does not exist", async () => {
    const { report } = await run({ command: ["echo", "{nonsense}"] });
    expect(report.cause).toBe("spawn_failed");
    expect(report.error).toContain("{nonsense}");
  });

  test("B16: fails to spawn, with words that help, when an argument is longer than the system allows", async () => {
    expect((await run({ command: ["echo", "x".repeat(200_000)] })).report.cause).toBe("spawn_failed");
  });
});

describe("B8: what an agent leaves at the answer's path", () => {
  test.each([
    ["nothing", "missing"],
    ["empty", "empty"],
    ["fifo", "not_a_file"],
    ["directory", "not_a_file"],
    ["symlink", "not_a_file"],
    ["hardlink", "not_a_file"],
    ["huge", "too_large"],
    ["no-folder", "missing"],
    ["valid", "present"],
  ])("%s is %s", async (what, state) => {
    const { report } = await run({ command: fixture("answers-badly.py", what, "{output}") });
    expect(report).toMatchObject({ cause: "exited", exitCode: 0, answerState: state });
    expect(report.answer.length > 0).toBe(state === "present");
  });

  test("an old answer can never be read, because the folder is made anew", async () => {
    const { execution } = await run({ command: fixture("answers-badly.py", "valid", "{output}") });
    symlinkSync("/etc/passwd", join(execution.folder.path, "left-over"));
    const { startExecution } = await import("./execute.ts");
    const report = await new Promise((ended) => {
      startExecution({ ...trial.order({ command: ["true"] }), executionId: execution.order.executionId }, trial.workshop(), {
        started() {},
        logged() {},
        ended: (_, of) => ended(of),
      });
    });
    expect(report).toMatchObject({ cause: "exited", answerState: "missing" });
    expect(existsSync("/etc/passwd")).toBe(true);
  });
});

describe("whatever a CLI starts is dead when its execution ends", () => {
  test("B4: a daemon in a session of its own, after a normal exit", async () => {
    const pidFile = join(trial.dataDir, "daemon-1");
    const { report, lines } = await run({ command: fixture("leaves-daemon.py", pidFile) });
    expect(report).toMatchObject({ cause: "exited", exitCode: 0 });
    expect(livesWith(pidFile)).toBe(false);
    expect(lines.at(-1)?.text).toContain("had to be ended");
  });

  test("B4: a daemon that holds the pipes does not hold up the end", async () => {
    const pidFile = join(trial.dataDir, "daemon-2");
    const since = performance.now();
    const { printed } = await run({ command: fixture("leaves-daemon.py", pidFile, "holds-pipes") });
    expect(performance.now() - since).toBeLessThan(1_900);
    expect(printed).toEqual(["main process ends"]);
    expect(livesWith(pidFile)).toBe(false);
  });

  test("B4: a daemon whose CLI is stopped", async () => {
    const pidFile = join(trial.dataDir, "daemon-3");
    const { execution, ended } = trial.start({
      command: ["sh", "-c", `${join(FIXTURES, "leaves-daemon.py")} ${pidFile} & exec ${join(FIXTURES, "ignores-signals.sh")}`],
    });
    while (!existsSync(pidFile)) await sleep(10);
    execution.stop("cancelled", true);
    expect((await ended).report).toMatchObject({ cause: "cancelled", exitCode: null, signal: "SIGKILL" });
    expect(livesWith(pidFile)).toBe(false);
  });

  test("B4: a background child in the CLI's own process group, even with an empty environment", async () => {
    const pidFile = join(trial.dataDir, "child-4");
    await run({ command: ["sh", "-c", `env -i sh -c 'sleep 600' ${pidFile} >/dev/null 2>&1 &`] });
    expect(livesWith(pidFile)).toBe(false);
  });

  test("but nothing of another execution", async () => {
    const other = trial.start({ command: ["sleep", "600"] });
    await other.started;
    await run({ command: ["true"] });
    const pid = other.execution.process()?.pid ?? 0;
    expect(lives(pid)).toBe(true);
    other.execution.stop("cancelled", false);
    await other.ended;
    expect(lives(pid)).toBe(false);
  });
});

describe("stopping", () => {
  test("asks politely first and takes the time that the CLI needs", async () => {
    const { execution, ended } = trial.start({
      command: ["sh", "-c", "trap 'echo cleaning up; exit 7' INT; echo ready; while :; do sleep 0.02; done"],
      limits: { stopGrace: 5_000 },
    });
    while (execution.progress().lines === 0) await sleep(10);
    execution.stop("cancelled", true);
    const { report, printed } = await ended;
    expect(report).toMatchObject({ cause: "cancelled", exitCode: 7 });
    expect(printed).toEqual(["ready", "cleaning up"]);
  });

  test("B3: goes on to TERM and KILL when nothing helps", async () => {
    const { execution, ended } = trial.start({ command: fixture("ignores-signals.sh"), limits: { stopGrace: 100 } });
    while (execution.progress().lines === 0) await sleep(10);
    const since = performance.now();
    execution.stop("cancelled", true);
    expect((await ended).report).toMatchObject({ cause: "cancelled", signal: "SIGKILL" });
    expect(performance.now() - since).toBeGreaterThan(190);
  });

  test("the first cause wins, whatever is said later", async () => {
    const { execution, ended } = trial.start({ command: fixture("ignores-signals.sh"), limits: { stopGrace: 60_000 } });
    while (execution.progress().lines === 0) await sleep(10);
    execution.stop("supervisor_stopping", true);
    execution.stop("cancelled", true);
    execution.stop("cancelled", false);
    expect((await ended).report).toMatchObject({ cause: "supervisor_stopping", signal: "SIGKILL" });
  });

  test("after the exit changes nothing", async () => {
    const { execution, ended } = trial.start({ command: ["true"] });
    const { report } = await ended;
    execution.stop("cancelled", true);
    expect(report.cause).toBe("exited");
  });
});

describe("limits", () => {
  test("B7: the time limit ends an execution that never ends", async () => {
    const { report } = await run({ command: ["sh", "-c", "while :; do echo busy; sleep 0.02; done"], limits: { time: 300 } });
    expect(report.cause).toBe("time_limit");
  });

  test("B7: silence is warned about first, and then ends it", async () => {
    const { execution, ended } = trial.start({
      command: ["sh", "-c", "echo one; sleep 600"],
      limits: { silenceWarning: 150, silence: 500 },
    });
    await sleep(350);
    expect(execution.progress()).toMatchObject({ silent: true, lines: 2 });
    const { report, lines } = await ended;
    expect(report.cause).toBe("silence_limit");
    expect(lines.map(({ stream }) => stream)).toEqual([1, 3]);
  });

  test("output ends the silence", async () => {
    const { execution, ended } = trial.start({
      command: ["sh", "-c", "sleep 0.4; echo back; sleep 0.3"],
      limits: { silenceWarning: 200, silence: 5_000 },
    });
    await sleep(320);
    expect(execution.progress().silent).toBe(true);
    await ended;
    expect(execution.progress().silent).toBe(false);
  });

  test("B9: a CLI that answers and does not end is ended after its grace, and the answer counts", async () => {
    const { report } = await run({ command: inNode("answers-and-hangs.mjs", "{output}"), limits: { finishGrace: 300 } });
    expect(report).toMatchObject({ cause: "finish_grace", answerState: "present" });
  });

  test("its own final line is waited for, where it has one", async () => {
    const hangs = (line: string) =>
      run({
        command: inNode("answers-and-hangs.mjs", "{output}", line),
        cli: { successPattern: "^all done$" },
        limits: { finishGrace: 300, time: 2_500 },
      });
    const [silent, said] = await Promise.all([hangs("still at it"), hangs("all done")]);
    expect(silent.report).toMatchObject({ cause: "time_limit", facts: { finalLine: "missing" } });
    expect(said.report).toMatchObject({ cause: "finish_grace", facts: { finalLine: "success" } });
  });
});

describe("output that is not nice", () => {
  test("B6: invalid bytes, NULs and escapes become valid text, characters are never cut", async () => {
    const { printed } = await run({ command: fixture("bad-bytes.py") });
    expect(printed).toEqual(["bad \uFFFD\uFFFD bytes", "nul \0 and \x1b[31mred\x1b[0m", "euro € whole", "no line end"]);
  });

  test("B10: a CLI that removes its own directory still ends like any other", async () => {
    const { report } = await run({ command: fixture("deletes-directory.sh") });
    expect(report).toMatchObject({ cause: "exited", exitCode: 0, answerState: "missing" });
  });

  test("a line longer than 64 KiB goes on in the next piece, and is still understood as a whole", async () => {
    const text = "ä".repeat(100_000);
    const { lines } = await run({
      command: ["node", "-e", `console.log(JSON.stringify({ type: "message", text: "ä".repeat(100000) }))`],
      cli: { outputFormat: "json_lines" },
    });
    expect(lines.map(({ continues }) => continues)).toEqual([true, true, true, false]);
    expect(JSON.parse(lines.map((line) => line.text).join(""))).toEqual({ type: "message", text });
    expect(lines.at(-1)?.entries[0]?.entry).toMatchObject({ case: "message", value: { text } });
  });

  test("B5: above the limit the beginning and the end are kept, and the gap says how long it is", async () => {
    const { frames, lines, report, execution } = await run({ command: fixture("floods.py", "8"), limits: { logCap: 1024 * 1024 } });
    expect(report).toMatchObject({ cause: "exited", exitCode: 0 });
    const gap = lines.findIndex(({ stream }) => stream === 3);
    const left = Number(/(\d+) bytes are left out/.exec(lines[gap]?.text ?? "")?.[1]);
    const bytesOf = (some: typeof lines) => some.reduce((sum, { text }) => sum + text.length + 1, 0);
    const before = lines.slice(0, gap);
    const after = lines.slice(gap + 1);
    expect(bytesOf(before)).toBeLessThanOrEqual(1024 * 1024);
    expect(before.map(({ text }) => Number(text.slice(0, 9)))).toEqual(before.map((_, at) => at + 1));
    expect(after.at(-1)?.text).toBe("the end of the flood");
    expect(bytesOf(after)).toBeGreaterThan(800_000);
    expect(bytesOf(before) + left + bytesOf(after)).toBe(Math.floor((8 * 1024 * 1024) / 370) * 370 + 21);
    expect(lines.map(({ number }) => Number(number))).toEqual(lines.map((_, at) => at + 1));
    expect(frames.filter(({ truncated }) => truncated)).toHaveLength(1);
    expect(frames.find(({ truncated }) => truncated)?.firstLine).toBe(gap + 1);
    expect(readFileSync(execution.folder.stdout).length).toBe(1024 * 1024);
  });
});
