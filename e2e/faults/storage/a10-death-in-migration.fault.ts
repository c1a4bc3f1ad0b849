import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { TaskHold } from "@malamar/proto/malamar/v1/task_pb";
import { eventually } from "#eventually.ts";
import { isAlive } from "#processes.ts";
import { ROOT, type Server } from "#start-malamar.ts";
import { createTeam } from "#team.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";
import { databaseFiles } from "./strace.ts";
import { CALLS, contents, killPoints, snapshot, some } from "./sweep.ts";

const TASKS = 20;

export default {
  id: "A10",
  title: "a death or a TERM in the middle of a migration: the old schema or the new one, never half of it, and a copy from before",
  needs: ["strace"],
  async run(context) {
    const server = await context.startMalamar();
    const team = await createTeam(server, { Worker: [] });
    for (let i = 0; i < TASKS; i++) await team.task({ summary: `task ${i}`, description: "x".repeat(1000), hold: TaskHold.DRAFT });
    await server.stop("SIGINT");
    const template = snapshot(server.dataDir, `${context.folder}/template`);
    const { program, from } = nextVersion(context);
    const before = contents(context, server.dataDir).rows.filter((row) => row.startsWith("tasks ")).length;

    const lines = await start(context, server, program, { calls: CALLS.join(","), until: "ready" });
    expectEqual("schema after the migration", schemaOf(context, server), from + 1);
    // The thread that begins is the one that migrates; the other one makes checkpoints.
    const points = killPoints(lines, Number.parseInt(lines[0] ?? "", 10)).filter(({ during }) => during === "commit");
    const chosen = some(context, points, 10);
    for (const [index, { call, count }] of chosen.entries()) {
      const signal = index % 5 === 4 ? "TERM" : "KILL";
      template.restore();
      await start(context, server, program, { calls: call, inject: `${call}:signal=${signal}:when=${count}`, until: "end" });
      const what = `${signal} at ${call} ${count} of ${points.length} points`;
      const found = contents(context, server.dataDir);
      expectEqual(`check after ${what}`, found.check, "ok");
      const schema = schemaOf(context, server);
      const kinds = found.rows.filter((row) => row.startsWith("tasks ")).map((row) => row.includes('"shade":"new"'));
      expectTrue(
        `all or nothing after ${what} (schema ${schema})`,
        schema === from ? !kinds.some(Boolean) : schema === from + 1 && kinds.every(Boolean),
      );
      expectEqual(`tasks after ${what}`, kinds.length, before);
      // Whoever migrated had made a copy that can take its place.
      const copy = `${server.dataDir}/malamar.sqlite.before-${from + 1}`;
      if (schema === from + 1) expectEqual("schema of the copy", versionOf(copy), from);
      await start(context, server, program, { until: "ready" });
      expectEqual(`schema after ${what} and another start`, schemaOf(context, server), from + 1);
      expectTrue("nothing unfinished is left", schema !== from || !readdirSync(server.dataDir).some((name) => name.endsWith(".part")));
      context.count("kill points");
    }
    context.log(`${chosen.length} of ${points.length} points`);

    // The program from before refuses what is newer than it, and leaves it alone.
    const { code, err } = await server.command("serve");
    expectEqual("exit code of the older version", code, 1);
    expectTrue(`it says so: ${err}`, /schema \d+, this program knows up to \d+/.test(err));
    expectEqual("schema", schemaOf(context, server), from + 1);
    template.restore();
  },
} satisfies Fault;

/** The program as it is, with one more migration: a column, an index, and every row touched. */
function nextVersion(context: FaultContext): { program: string; from: number } {
  const next = join(context.folder, "next");
  mkdirSync(join(next, "supervisor"), { recursive: true });
  cpSync(join(ROOT, "supervisor/dist"), join(next, "supervisor/dist"), { recursive: true });
  cpSync(join(ROOT, "supervisor/migrations"), join(next, "supervisor/migrations"), { recursive: true });
  symlinkSync(join(ROOT, "supervisor/node_modules"), join(next, "supervisor/node_modules"));
  for (const name of ["web", "runner"]) symlinkSync(join(ROOT, name), join(next, name));
  const from = readdirSync(join(ROOT, "supervisor/migrations")).length;
  const name = `${String(from + 1).padStart(4, "0")}_shade.sql`;
  writeFileSync(
    join(next, "supervisor/migrations", name),
    `ALTER TABLE tasks ADD COLUMN shade TEXT NOT NULL DEFAULT 'old';
CREATE TABLE shades (id TEXT PRIMARY KEY, task_id TEXT NOT NULL) STRICT;
INSERT INTO shades SELECT hex(randomblob(10)), id FROM tasks;
UPDATE tasks SET shade = 'new';
CREATE INDEX tasks_by_shade ON tasks (shade);`,
  );
  return { program: join(next, "supervisor/dist/malamar.cjs"), from };
}

/** Runs the next version under strace until it serves, and kills it then, or until it has ended. @returns lines of strace */
async function start(
  context: FaultContext,
  server: Server,
  program: string,
  { calls = "fsync", inject, until }: { calls?: string; inject?: string; until: "ready" | "end" },
): Promise<string[]> {
  const output = `${context.folder}/strace-start`;
  rmSync(output, { force: true });
  const copy = copyOf(server, program);
  const files = [...databaseFiles(server.dataDir), copy, `${copy}.part`, `${copy}.part-journal`].flatMap((file) => ["-P", file]);
  const injecting = inject === undefined ? [] : ["-e", `inject=${inject}`];
  // -D: the program is our child, and strace looks on. (With --seccomp-bpf it would be faster, and would not kill.)
  const args = ["-D", "-f", "-e", `trace=${calls}`, ...files, ...injecting, "-o", output, process.execPath, program, "serve"];
  const running = spawn("strace", args, { cwd: server.folder, env: server.env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  running.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => running.once("close", () => resolve()));
  const pid = running.pid ?? 0;
  const tracer = await eventually("strace holds it", () => tracerOf(pid), { instead: () => said });
  if (until === "ready") {
    const serves = () =>
      fetch(`${server.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually("the next version serves", async () => !isAlive(pid) || (await serves()), { instead: () => said });
    expectTrue(`it still runs: ${said}`, isAlive(pid));
    process.kill(pid, "SIGKILL");
  }
  await eventually("it has ended", () => !isAlive(pid), { instead: () => said });
  // strace may wait for ever for a thread that died with the others, and the kernel for strace.
  await sleep(100);
  if (isAlive(tracer)) process.kill(tracer, "SIGKILL");
  await ended;
  return existsSync(output)
    ? readFileSync(output, "utf8")
        .split("\n")
        .filter((line) => /^\d+ +\w+\(/.test(line))
    : [];
}

function tracerOf(pid: number): number | undefined {
  return Number(/^TracerPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) || undefined;
}

const copyOf = (server: Server, program: string): string =>
  `${server.dataDir}/malamar.sqlite.before-${readdirSync(join(dirname(program), "../migrations")).length}`;

function schemaOf(context: FaultContext, server: Server): number {
  contents(context, server.dataDir);
  return versionOf(`${context.folder}/look.sqlite`);
}

function versionOf(file: string): number {
  const db = new DatabaseSync(file);
  try {
    return (db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
  } finally {
    db.close();
  }
}
