import { mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionOutcome } from "@malamar/proto/malamar/v1/execution_pb";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { runnerProcesses } from "../processes.ts";
import { type Server, type ServerOptions, startMalamar } from "../start-malamar.ts";
import { comments, createTeam, executions, reachesReview } from "../team.ts";
import { watch } from "../watching.ts";

// Settings that no other journey would miss: each of these fails when its setting is ignored. Which test looks after which
// setting stands in settings.ts.

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.end();
});

async function serverWith(config: Record<string, unknown>, more: ServerOptions = {}): Promise<Server> {
  const server = await startMalamar({ config, ...more });
  servers.push(server);
  return server;
}

const seconds = (count: number) => ({ seconds: BigInt(Math.floor(count)), nanos: Math.round((count % 1) * 1e9) });
const ended = async (server: Server, id: string) => {
  await reachesReview(server, id);
  const [first] = await executions(server, id);
  return first;
};

test("L17: host decides where the server listens", async () => {
  const server = await startMalamar({ config: { host: "::1" }, started: false });
  servers.push(server);
  // Its address is not the one that the start waits for, so look for the line that says that it is ready.
  void server.start().catch(() => {});
  await eventually("it is ready", () => server.logged().includes("Malamar is ready"));
  expect(await canConnect("::1", server.port)).toBe(true);
  expect(await canConnect("127.0.0.1", server.port)).toBe(false);
});

test("L17: logLevel and logFormat decide what is logged, and how", async () => {
  const loud = await serverWith({ logLevel: "debug" });
  await fetch(`${loud.url}/healthz`);
  await eventually("the request is logged", () => loud.logged().includes('"path":"/healthz"'));
  const lines = loud.logged().trim().split("\n");
  expect(lines.map((line) => typeof (JSON.parse(line) as { level: number }).level)).toEqual(lines.map(() => "number"));
  const quiet = await serverWith({ logLevel: "silent" });
  expect(quiet.logged()).toBe("");
  const pretty = await serverWith({ logFormat: "pretty" });
  await eventually("it says in words that it is ready", () => pretty.logged().includes("Malamar is ready"));
  expect(pretty.logged().startsWith("{")).toBe(false);
});

test("L17: hostNames are names that requests may be addressed to", async () => {
  const server = await serverWith({ hostNames: ["malamar.example"] });
  expect(await statusFor(server, `malamar.example:${server.port}`)).toBe(200);
  expect(await statusFor(server, `other.example:${server.port}`)).toBe(421);
});

test("L17: dataDir, port and sample come from the configuration; a variable wins over the file", async () => {
  const server = await serverWith({ sample: true }, { env: { MALAMAR_SAMPLE: "false" } });
  expect((await server.api.workspaces.listWorkspaces({})).workspaces).toEqual([]);
  const { system } = await server.api.system.getSystem({});
  expect(system?.dataDirectory).toBe(server.dataDir);
  await server.end();
  servers.pop();
});

test("L17: workspacesPerRunner lets workspaces share a runner, warmSpare keeps one ready, runnerIdle ends those without work", async () => {
  const idle = { runnerIdle: "1500ms" };
  const apart = await serverWith({ warmSpare: false, ...idle });
  const shared = await serverWith({ warmSpare: false, workspacesPerRunner: 4, ...idle });
  const spare = await serverWith({ warmSpare: true, ...idle });
  const runnersOf = async (server: Server) => {
    const teams = await Promise.all([1, 2].map(() => createTeam(server, { Worker: ["wait go ; skip"] })));
    const tasks = await Promise.all(teams.map((team) => team.task()));
    await Promise.all(teams.map((team) => team.turn("Worker", 1)));
    if (server === spare) await eventually("a spare is ready", () => runnerProcesses(server.dataDir).length === 3);
    else await sleep(1200);
    const count = runnerProcesses(server.dataDir).length;
    for (const team of teams) team.open("go");
    await Promise.all(tasks.map(({ id }) => reachesReview(server, id)));
    return count;
  };
  expect(await Promise.all([apart, shared, spare].map(runnersOf))).toEqual([2, 1, 3]);
  for (const server of [apart, shared, spare]) {
    await eventually("idle runners have ended", () => runnerProcesses(server.dataDir).length === 0, { timeout: 8_000 });
  }
});

test("L17: time limits are the agent's, else the workspace's, else the installation's", async () => {
  const server = await serverWith({ timeLimits: { timeLimit: "800ms", silenceWarning: "200ms", silenceLimit: "500ms" } });
  const none = seconds(0);
  const off = { timeLimit: none, silenceWarning: none, silenceLimit: none };
  const talks = Array.from({ length: 20 }, (_, at) => `print ${at} ; sleep 0.15`).join(" ; ");
  const run = async (agent: object, workspace: object, turn: string) => {
    const team = await createTeam(server, { Worker: [`${turn} ; skip`] }, { limits: workspace, agent: { limits: agent } });
    const { id } = await team.task();
    const first = await ended(server, id);
    return { outcome: first?.outcome, detail: first?.outcomeDetail ?? "" };
  };
  const timeout = (words: string) => ({ outcome: ExecutionOutcome.TIMEOUT, detail: expect.stringContaining(words) as string });
  const fine = { outcome: ExecutionOutcome.FINISHED, detail: "" };
  const quiet = "sleep 1.2";
  const results = await Promise.all([
    // Of the installation.
    run({}, { silenceLimit: none }, quiet),
    run({}, { timeLimit: none }, quiet),
    // The workspace's win over them.
    run({}, off, quiet),
    run({}, { timeLimit: seconds(0.4), silenceLimit: none }, talks),
    run({}, { timeLimit: none, silenceLimit: seconds(0.3) }, quiet),
    // The agent's win over the workspace's.
    run(off, { timeLimit: seconds(0.4), silenceLimit: seconds(0.4) }, quiet),
    run({ timeLimit: seconds(0.4) }, off, talks),
    run({ silenceLimit: seconds(0.4) }, off, quiet),
  ]);
  const [long, silent] = [timeout("longer than its time limit"), timeout("printed nothing")];
  expect(results).toEqual([long, silent, fine, long, silent, fine, long, silent]);
});

test("L17: a silence warning is the agent's, else the workspace's, else the installation's", async () => {
  const server = await serverWith({ timeLimits: { silenceWarning: "200ms" }, renewInterval: "200ms" });
  const marked = async (workspace: object, agent: object) => {
    const team = await createTeam(server, { Worker: ["wait go ; skip"] }, { limits: workspace, agent: { limits: agent } });
    const { id } = await team.task();
    const { executionId } = await team.turn("Worker", 1);
    await sleep(1500);
    const { execution } = await server.api.executions.getExecution({ id: executionId });
    team.open("go");
    await reachesReview(server, id);
    return execution?.silent;
  };
  const never = { silenceWarning: seconds(0) };
  const soon = { silenceWarning: seconds(0.3) };
  expect(await Promise.all([marked({}, {}), marked(never, {}), marked(never, soon), marked(soon, never)])).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test("L17: stopGrace is the time between asking a CLI to stop and killing it", async () => {
  const [short, long] = await Promise.all([serverWith({ stopGrace: "100ms" }), serverWith({ stopGrace: "2s" })]);
  const cancelled = async (server: Server) => {
    const team = await createTeam(server, { Worker: ["stubborn ; sleep 60"] });
    const { id } = await team.task();
    await team.turn("Worker", 1);
    await sleep(200);
    const since = performance.now();
    await server.api.tasks.cancelTask({ id });
    await reachesReview(server, id);
    return performance.now() - since;
  };
  const [quick = 0, slow = 0] = await Promise.all([short, long].map(cancelled));
  expect(quick).toBeLessThan(1900);
  expect(slow).toBeGreaterThan(1900);
});

test("L17: finishGrace is the time a CLI has to end after its answer", async () => {
  const [short, long] = await Promise.all([serverWith({ finishGrace: "200ms" }), serverWith({ finishGrace: "10s" })]);
  const lingers = async (server: Server) => {
    const team = await createTeam(server, { Worker: ["skip ; linger 2.5"] });
    const { id } = await team.task();
    const first = await ended(server, id);
    return first?.signal === "" && first.exitCode === 0 ? "ended by itself" : "was ended";
  };
  expect(await Promise.all([short, long].map(lingers))).toEqual(["was ended", "ended by itself"]);
});

test("L17: a runner that says nothing for the time of its lease is given up, and its step starts again", async () => {
  const server = await serverWith({ lease: "2s", renewInterval: "200ms" });
  const team = await createTeam(server, { Worker: ["sleep 60", "comment Done."] });
  const { id } = await team.task();
  await team.turn("Worker", 1);
  const { runners = [] } = (await server.api.system.getSystem({})).system ?? {};
  const carrier = runners.find(({ workspaceIds }) => workspaceIds.includes(team.workspace.id));
  process.kill(carrier?.pid ?? 0, "SIGSTOP");
  await reachesReview(server, id, 25_000);
  expect((await executions(server, id))[0]?.outcome).toBe(ExecutionOutcome.RUNNER_LOST);
  expect(await comments(server, id)).toContain("Worker: Done.");
});

test("L17: eventRetention is how long a client may stay away without having to read everything again", async () => {
  const [short, long] = await Promise.all([serverWith({ eventRetention: "1s" }), serverWith({ eventRetention: "1h" })]);
  const resyncs = async (server: Server) => {
    const early = await watch(server);
    early.stop();
    await server.api.workspaces.createWorkspace({ title: "Then" });
    for (let round = 0; round < 5; round++) {
      await sleep(800);
      await server.api.workspaces.createWorkspace({ title: "Now" });
    }
    const late = await watch(server, { cursor: early.cursor() });
    await sleep(300);
    late.stop();
    return late.resyncs();
  };
  expect(await Promise.all([short, long].map(resyncs))).toEqual([1, 0]);
});

test("L17: backOff says how long the first wait after an error is, and the longest", async () => {
  const [slow, short] = await Promise.all([
    serverWith({ backOff: { first: "3s", longest: "4s" } }),
    serverWith({ backOff: { first: "600ms", longest: "700ms" } }),
  ]);
  const waits = async (server: Server, crashes: number) => {
    const team = await createTeam(server, { Worker: Array.from({ length: crashes }, () => "crash 1") }, { breakerLimit: crashes + 1 });
    const { id } = await team.task();
    await reachesReview(server, id, 20_000);
    const ran = await executions(server, id);
    return ran.slice(1, crashes + 1).map(({ leasedAt }, at) => millis(leasedAt) - millis(ran[at]?.endedAt));
  };
  // Up to half of it is taken away, so that many tasks do not come back together.
  const [first, many] = await Promise.all([waits(slow, 1), waits(short, 5)]);
  expect(first[0]).toBeGreaterThanOrEqual(1500);
  expect(many).toHaveLength(5);
  // Unlimited, the fifth would be 4.8 s at least.
  expect(Math.max(...many)).toBeLessThan(2500);
});

test("L17: a CLI of the configuration gets its prompt, its model, its variables and those it asks for, and nothing else", async () => {
  // Tells what it was given: arguments, variables, and how many lines came on stdin.
  const tell = '{"actions":[{"type":"comment","content":"%s %s %s %s %s"},{"type":"change_status","status":"in_review"}]}';
  const script = `printf '${tell}' "$1" "$OWN" "\${PASSED-none}" "\${KEPT-none}" "$(grep -c '')" >"$2"`;
  const tool = (more: object) => ({ command: ["/bin/sh", "-c", script, "tool", "{model}", "{output}", "{prompt}"], ...more });
  const server = await serverWith(
    {
      clis: {
        told: tool({ title: "The tool", env: { OWN: "own" }, envPass: ["PASSED"] }),
        argued: tool({ promptBy: "argument" }),
        other: {
          command: [
            "/bin/sh",
            "-c",
            'echo \'{"actions":[{"type":"change_status","status":"in_review","reason":"{execution_id}"}]}\' >{output}',
          ],
        },
      },
    },
    { env: { PASSED: "passed", KEPT: "kept" } },
  );
  const { system } = await server.api.system.getSystem({});
  expect(system?.clis.find(({ name }) => name === "told")?.title).toBe("The tool");
  const says = async (cli: string) => {
    const team = await createTeam(server, { [`Worker@${cli}`]: [] }, { breakerLimit: 1, agent: { model: "large" } });
    const { id } = await team.task();
    const { attentionDetail } = await reachesReview(server, id);
    const [only] = await executions(server, id);
    return { said: await comments(server, id), attentionDetail, id: only?.id, model: only?.model };
  };
  const [told, argued, other] = await Promise.all(["told", "argued", "other"].map(says));
  expect(told).toMatchObject({ said: ["Worker: large own passed none 1"], model: "large" });
  expect(argued).toMatchObject({ said: ["Worker: large  none none 0"] });
  expect(other?.attentionDetail).toBe(other?.id);
});

test("L17: what a workspace and a task say reaches the agent", async () => {
  const server = await serverWith({});
  const settings = { title: "The shop", description: "Speak plainly.", prefix: "SHOP" };
  const team = await createTeam(server, { Worker: ["wait go ; skip", "skip"] }, settings);
  const { id, key } = await team.task({ summary: "Count", description: "All of them.", kind: "chore" });
  expect(key).toBe("SHOP-1");
  const { executionId } = await team.turn("Worker", 1);
  const input = () => readFileSync(join(server.dataDir, "executions", executionId, "input.md"), "utf8");
  for (const said of ["The shop", "Speak plainly.", "SHOP-1", "Count", "All of them.", "chore", "You are Worker."])
    expect(input()).toContain(said);
  const { tasks, workspaces } = server.api;
  await workspaces.updateWorkspace({
    workspace: { id: team.workspace.id, title: "The store", description: "Whisper.", prefix: "ST" },
    updateMask: { paths: ["title", "description", "prefix"] },
  });
  await tasks.updateTask({
    task: { id, summary: "Count again", description: "Twice.", kind: "check", priority: 4 },
    updateMask: { paths: ["summary", "description", "kind", "priority"] },
  });
  team.open("go");
  await reachesReview(server, id);
  const second = (await executions(server, id)).at(-1);
  const later = readFileSync(join(server.dataDir, "executions", second?.id ?? "", "input.md"), "utf8");
  for (const said of ["The store", "Whisper.", "ST-1", "Count again", "Twice.", "check"]) expect(later).toContain(said);
});

test("L17: a directory mode that is changed counts from the next execution on", async () => {
  const server = await serverWith({});
  const folder = join(server.folder, "later");
  mkdirSync(folder);
  const team = await createTeam(server, { First: ["wait go ; write a.txt 1 ; skip"], Second: ["write b.txt 2 ; skip"] });
  const { id } = await team.task();
  await team.turn("First", 1);
  await server.api.workspaces.updateWorkspace({
    workspace: { id: team.workspace.id, directoryMode: 2, directoryPath: folder },
    updateMask: { paths: ["directory_mode", "directory_path"] },
  });
  team.open("go");
  await reachesReview(server, id);
  expect(readFileSync(join(server.dataDir, "tasks", id, "a.txt"), "utf8")).toBe("1\n");
  expect(readFileSync(join(folder, "b.txt"), "utf8")).toBe("2\n");
});

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function statusFor(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path: "/healthz", headers: { Host: host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once("error", reject);
    sent.end();
  });
}

function millis(time: { seconds: bigint; nanos: number } | undefined): number {
  return Number(time?.seconds ?? 0n) * 1000 + (time?.nanos ?? 0) / 1e6;
}
