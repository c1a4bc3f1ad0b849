import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { whyNot } from "#process/enclosures.ts";
import type { Level } from "#process/containment.ts";
import { removeLeftovers } from "#workdir/execution-folder.ts";
import { createTrial, FIXTURES } from "./try-execution.ts";

// The worst CLIs, at every level that this machine has. What is special to one level is in process/enclosures.test.ts.

const levels: Level[] = [];
for (const level of ["L0", "L1", "L2", "L3"] as const) if ((await whyNot(level, (guard) => guard.kill())) === null) levels.push(level);

/** Processes with this in their arguments, without those that only look on. */
function living(argument: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!(pid > 1) || pid === process.pid) return [];
    try {
      const isZombie = readFileSync(`/proc/${name}/stat`, "latin1").includes(") Z ");
      return !isZombie && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(argument) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

describe.each(levels)("at %s", (level) => {
  const trial = createTrial(level);
  afterAll(() => trial.remove());
  const nasty = (mark: string) => `env -i setsid sh -c 'trap "" TERM HUP INT; sleep 600; :' ${mark} >/dev/null 2>&1 &`;

  test("B2: a CLI that is killed is reported with its signal and its last words", async () => {
    const { execution, ended } = trial.start({ command: ["sh", "-c", "echo half a word >&2; sleep 600; :"] });
    while (execution.progress().lines === 0) await sleep(5);
    process.kill(execution.process()?.pid ?? 0, "SIGKILL");
    const { report } = await ended;
    expect(report).toMatchObject({ cause: "exited", exitCode: null, signal: "SIGKILL", containment: level, stderrTail: "half a word\n" });
  });

  test("B3: one that ignores every signal is dead within its graces", async () => {
    const { execution, ended } = trial.start({ command: [join(FIXTURES, "ignores-signals.sh")] });
    while (execution.progress().lines === 0) await sleep(5);
    const since = performance.now();
    execution.stop("cancelled", true);
    expect((await ended).report).toMatchObject({ cause: "cancelled", signal: "SIGKILL" });
    expect(performance.now() - since).toBeLessThan(4_000);
  });

  test("B4: a daemon with an emptied environment dies with it; at L0 it may live on, which is what L0 says of itself", async () => {
    const mark = join(trial.dataDir, "daemon");
    const { ended } = trial.start({ command: ["sh", "-c", `${nasty(mark)} sleep 0.3`] });
    await ended;
    const left = living(mark);
    for (const pid of left) process.kill(pid, "SIGKILL");
    expect(left.length > 0).toBe(level === "L0");
  });

  test("B4, B7: the same when it never ends and is ended by its time limit", async () => {
    const mark = join(trial.dataDir, "timed");
    const { ended } = trial.start({ command: ["sh", "-c", `${nasty(mark)} sleep 600; :`], limits: { time: 400 } });
    expect((await ended).report.cause).toBe("time_limit");
    const left = living(mark);
    for (const pid of left) process.kill(pid, "SIGKILL");
    expect(left.length > 0).toBe(level === "L0");
  });

  test("B11: what it fills its own TMPDIR with is removed when it is settled", async () => {
    const script = 'mkdir -p "$TMPDIR/a/b"; head -c 20000000 /dev/zero > "$TMPDIR/a/b/big"; chmod 500 "$TMPDIR/a/b"; echo "$TMPDIR"';
    const { execution, printed } = await trial.start({ command: ["sh", "-c", script] }).ended;
    expect(printed).toEqual([execution.folder.temporary]);
    expect(existsSync(join(execution.folder.temporary, "a/b/big"))).toBe(true);
    removeLeftovers(execution.folder);
    for (let tries = 0; existsSync(execution.folder.temporary) && tries < 400; tries += 1) await sleep(5);
    expect(existsSync(execution.folder.temporary)).toBe(false);
  });

  test("B17: its zombies are gone with it", async () => {
    const mark = join(trial.dataDir, "zombie");
    const script = `for i in 1 2 3 4 5; do (sh -c 'sleep 0.01' ${mark} &) ; done; sleep 0.2`;
    expect((await trial.start({ command: ["sh", "-c", script] }).ended).report.exitCode).toBe(0);
    expect(living(mark)).toEqual([]);
  });
});

test("B5: a flood of 64 MiB costs the runner little memory, and its end is kept", async () => {
  const trial = createTrial();
  try {
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const { report, lines } = await trial.start({ command: [join(FIXTURES, "floods.py"), "64"], limits: { logCap: 2 * 1024 * 1024 } })
      .ended;
    clearInterval(watch);
    expect(report).toMatchObject({ cause: "exited", exitCode: 0 });
    expect(lines.at(-1)?.text).toBe("the end of the flood");
    expect(peak - before).toBeLessThan(200 * 1024 * 1024);
  } finally {
    trial.remove();
  }
});

test("B8: what is no answer by its content is handed on byte for byte, for the supervisor to judge", async () => {
  const trial = createTrial();
  try {
    for (const bytes of ["{", '{"actions":', '"just text"', "[".repeat(50_000), '{"__proto__":{"x":1},"actions":[]}', "\\0\\0"]) {
      const script = "import os,sys; open(sys.argv[1],'w').write(os.environ['BYTES'])";
      const { report } = await trial.start({ command: ["python3", "-c", script, "{output}"], cli: { env: { BYTES: bytes } } }).ended;
      expect(Buffer.from(report.answer).toString()).toBe(bytes);
      expect(report.answerState).toBe("present");
    }
  } finally {
    trial.remove();
  }
});
