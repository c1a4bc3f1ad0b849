import { createServer } from "node:net";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openWriter } from "#store/open-db.ts";
import { livingSupervisor, readRecord } from "./record.ts";
import { Malamar } from "./run-malamar.ts";

// Processes that start, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let malamar: Malamar;
beforeEach(() => {
  malamar = new Malamar();
});
afterEach(() => malamar.clean());

const health = async (url: string) => (await fetch(`${url}/healthz`)).json();

describe("serve", () => {
  test("answers, and ends within five seconds of SIGTERM with nothing left behind", async () => {
    const server = await malamar.serve();
    expect(await health(server.url)).toMatchObject({ status: "ok", version: "0.1.0" });
    expect(readFileSync(malamar.pidFile, "utf8").split("\n")[0]).toBe(String(server.child.pid));
    const since = performance.now();
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(performance.now() - since).toBeLessThan(5000);
    expect(existsSync(malamar.pidFile)).toBe(false);
    expect(existsSync(join(malamar.dataDir, "malamar.sqlite-wal"))).toBe(false);
  });

  test("ends on Ctrl-C, too, and on a hang-up of its terminal", async () => {
    for (const signal of ["SIGINT", "SIGHUP"] as const) {
      const server = await malamar.serve();
      server.child.kill(signal);
      expect(await server.ended).toMatchObject({ code: 0 });
    }
  });

  test("a signal in the middle of the start is a clean end, too", async () => {
    const server = malamar.spawn(["serve", "--data-dir", malamar.dataDir, "--port", "0"]);
    await until(() => existsSync(malamar.pidFile), 30_000, 1);
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(existsSync(malamar.pidFile)).toBe(false);
  });

  test("an open event stream does not delay the end", async () => {
    const server = await malamar.serve();
    const headers = { "content-type": "application/connect+json" };
    const stream = await fetch(`${server.url}/malamar.v1.EventService/WatchEvents`, { method: "POST", headers, body: "\0\0\0\0\x02{}" });
    const reading = stream.text();
    const since = performance.now();
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(performance.now() - since).toBeLessThan(2000);
    await reading;
  });

  test("after kill -9 the next one takes over at once and looks at the database", async () => {
    const first = await malamar.serve();
    first.child.kill("SIGKILL");
    await first.ended;
    expect(livingSupervisor(malamar.pidFile)).toBeUndefined();
    const second = await malamar.serve();
    expect(await health(second.url)).toMatchObject({ status: "ok" });
    expect(second.out()).toContain("did not end by itself");
  });

  test("of twenty that start at once one wins, and the others touch nothing and name it", { timeout: 120_000 }, async () => {
    const all = Array.from({ length: 20 }, () => malamar.spawn(["serve", "--data-dir", malamar.dataDir, "--port", "0"]));
    const losers: number[] = [];
    await Promise.race([
      Promise.all(all.map(async ({ ended }) => losers.push((await ended).code ?? -1))),
      until(() => losers.length >= 19, 100_000),
    ]);
    expect(losers).toEqual(Array.from({ length: 19 }, () => 75));
    const record = readRecord(malamar.pidFile);
    expect(all.filter(({ child }) => child.pid === record?.pid && child.exitCode === null)).toHaveLength(1);
    const late = await malamar.run(["serve"]);
    expect(late).toMatchObject({ code: 75, err: expect.stringContaining(`process ${record?.pid}, ${record?.url}`) as string });
    expect(await health(record?.url ?? "")).toMatchObject({ status: "ok", instance: record?.instance });
  });

  test("a port that is taken is told in words, and nothing is left behind", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as { port: number };
    const refused = await malamar.run(["serve", "--port", String(port)]);
    blocker.close();
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(`Another program listens on port ${port}`) as string });
    expect(refused.err).not.toContain("    at ");
    expect(existsSync(malamar.pidFile)).toBe(false);
  });

  const mistakes: [string, string[], Record<string, string>, string][] = [
    ["a flag", ["--port", "99999"], {}, "--port"],
    ["a variable", [], { MALAMAR_PORT: "x" }, "MALAMAR_PORT"],
    ["a variable nobody knows", [], { MALAMAR_PROT: "1" }, "MALAMAR_PROT"],
    ["a wider address", ["--host", "0.0.0.0"], {}, "--host"],
  ];
  test.each(mistakes)("a mistake in %s ends with 78 and names it", async (_name, args, env, named) => {
    const refused = await malamar.run(["serve", ...args], { env });
    expect(refused).toMatchObject({ code: 78, err: expect.stringContaining(named) as string });
    expect(refused.err).not.toContain("    at ");
  });

  test("a mistake in the file ends with 78 and names the line", async () => {
    writeFileSync(join(malamar.dataDir, "malamar.yaml"), "port: 4000\nprot: 1\n");
    expect(await malamar.run(["serve"])).toMatchObject({ code: 78, err: expect.stringContaining("malamar.yaml:2") as string });
  });

  test("a data directory that others can read is refused when something is in it, and closed when nothing is", async () => {
    chmodSync(malamar.dataDir, 0o755);
    const server = await malamar.serve();
    expect(statSync(malamar.dataDir).mode & 0o777).toBe(0o700);
    server.child.kill("SIGTERM");
    await server.ended;
    for (const file of ["malamar.sqlite"]) expect(statSync(join(malamar.dataDir, file)).mode & 0o077).toBe(0);
    chmodSync(malamar.dataDir, 0o750);
    expect(await malamar.run(["serve"])).toMatchObject({
      code: 78,
      err: expect.stringContaining(`chmod 700 '${malamar.dataDir}'`) as string,
    });
  });

  test("a data directory that is a file is refused", async () => {
    const file = join(malamar.dataDir, "file");
    writeFileSync(file, "");
    expect(await malamar.spawn(["serve", "--data-dir", file]).ended).toMatchObject({
      code: 78,
      err: expect.stringContaining("is not a directory") as string,
    });
  });

  test("a database of a newer version is refused and left alone", async () => {
    const db = openWriter(join(malamar.dataDir, "malamar.sqlite"));
    db.pragma("user_version = 99");
    db.close();
    const refused = await malamar.run(["serve"]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("schema 99") as string });
    expect(existsSync(malamar.pidFile)).toBe(false);
  });

  const onSignal = (code: string) => ["--import", `data:text/javascript,process.on("SIGWINCH",()=>{${encodeURIComponent(code)}})`];
  test.each([
    ["an error that nobody catches", "throw new Error('boom')"],
    ["a rejection that nobody waits for", "Promise.reject(new Error('boom'))"],
  ])("%s ends it: never half alive", async (_name, code) => {
    const server = await malamar.serve([], { node: onSignal(code) });
    server.child.kill("SIGWINCH");
    expect(await server.ended).toMatchObject({ code: 1, out: expect.stringContaining("boom") as string });
    expect(server.out()).toContain('"level":60');
  });

  test("it goes on when nobody reads its log any more", async () => {
    const server = await malamar.serve(["--log-level", "debug"]);
    server.child.stdout?.destroy();
    server.child.stderr?.destroy();
    for (let i = 0; i < 3; i++) expect(await health(server.url)).toMatchObject({ status: "ok" });
    server.child.kill("SIGTERM");
    const code = await new Promise((resolve) => server.child.once("exit", resolve));
    expect(code).toBe(0);
  });

  test("nothing is written while nothing happens", async () => {
    const server = await malamar.serve();
    await sleep(1500);
    const files = ["malamar.sqlite", "malamar.sqlite-wal"].map((name) => join(malamar.dataDir, name));
    const seen = () => files.map((file) => [statSync(file).size, statSync(file).mtimeMs]);
    const written = () => /write_bytes: (\d+)/.exec(readFileSync(`/proc/${server.child.pid}/io`, "utf8"))?.[1];
    const before = [seen(), written()];
    await sleep(3000);
    expect([seen(), written()]).toEqual(before);
  });
});

describe("start, status and stop", () => {
  test("start prints the address, status knows it, stop ends it", async () => {
    const started = await malamar.run(["start", "--port", "0"]);
    expect(started).toMatchObject({ code: 0, err: "" });
    const url = /http:\/\/localhost:\d+/.exec(started.out)?.[0] ?? "";
    expect(await health(url)).toMatchObject({ status: "ok" });

    const status = await malamar.run(["status"]);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining(url) as string });
    expect(status.out).toContain("in the background");
    const asJson = JSON.parse((await malamar.run(["status", "--json"])).out) as object;
    expect(asJson).toMatchObject({ running: true, url, health: "ok", dataDirectory: malamar.dataDir, liveExecutions: 0 });

    const again = await malamar.run(["start", "--port", "0"]);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining(`running already: ${url}`) as string });

    process.kill(readRecord(malamar.pidFile)?.pid ?? 0, "SIGHUP");
    await sleep(100);
    expect(await health(url)).toMatchObject({ status: "ok" });

    expect(await malamar.run(["stop"])).toMatchObject({ code: 0, out: expect.stringContaining("No step is running.") as string });
    expect(await malamar.run(["status"])).toMatchObject({ code: 3, out: expect.stringContaining("not running") as string });
    expect(await malamar.run(["stop"])).toMatchObject({ code: 0, out: expect.stringContaining("nothing to stop") as string });
    expect(readFileSync(join(malamar.dataDir, "supervisor.log"), "utf8")).toContain("Malamar is ready");
  });

  test.each(["--now", "--drain"])("stop %s ends it", async (how) => {
    await malamar.serve();
    expect(await malamar.run(["stop", how])).toMatchObject({ code: 0, out: expect.stringContaining("has stopped") as string });
    expect(existsSync(malamar.pidFile)).toBe(false);
  });

  test("a start that fails says what the server said and has its exit code", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as { port: number };
    const failed = await malamar.run(["start", "--port", String(port)]);
    blocker.close();
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining(`Another program listens on port ${port}`) as string });
  });

  test("a running server can be stopped although its configuration is broken now", async () => {
    const server = await malamar.serve();
    writeFileSync(join(malamar.dataDir, "malamar.yaml"), "prot: 1\n");
    expect(await malamar.run(["status"])).toMatchObject({ code: 0, err: expect.stringContaining("malamar.yaml:1") as string });
    expect(await malamar.run(["stop"])).toMatchObject({ code: 0 });
    expect(await server.ended).toMatchObject({ code: 0 });
  });

  test("a process that got the number of a dead supervisor is never taken for it", async () => {
    const server = await malamar.serve();
    server.child.kill("SIGKILL");
    await server.ended;
    const record = readRecord(malamar.pidFile);
    writeFileSync(malamar.pidFile, `${process.pid}\n${JSON.stringify({ ...record, pid: process.pid })}\n`);
    expect(await malamar.run(["stop"])).toMatchObject({ code: 0, out: expect.stringContaining("nothing to stop") as string });
    expect(await malamar.run(["status"])).toMatchObject({ code: 3, out: expect.stringContaining("did not come to its end") as string });
  });
});

describe("doctor, help and version", () => {
  test("the doctor looks at everything, changes nothing and tells where each setting comes from", async () => {
    const empty = join(mkdtempSync(join(tmpdir(), "malamar-doctor-")), "data");
    const { out } = await malamar.spawn(["doctor", "--data-dir", empty, "--port", "0"]).ended;
    expect(out).toMatch(/Node v2[4-9]/);
    expect(out).toMatch(/SQLite 3\.\d+/);
    expect(out).toMatch(/dataDir +"\/.*" +--data-dir/);
    expect(out).toContain("there is no database yet");
    expect(existsSync(empty)).toBe(false);
    rmSync(join(empty, ".."), { recursive: true });
  });

  test("the doctor sees a running server and a healthy database", async () => {
    const server = await malamar.serve();
    const { out } = await malamar.run(["doctor", "--port", new URL(server.url).port]);
    expect(out).toContain(`running as process ${server.child.pid}`);
    expect(out).toContain("database: no damage found");
    expect(out).toContain("is used by this Malamar");
  });

  test("a damaged database, a taken port and a mistake in the configuration are critical, with something to copy", async () => {
    writeFileSync(join(malamar.dataDir, "malamar.sqlite"), "no database, but long enough for one".repeat(1000));
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as { port: number };
    const seen = await malamar.run(["doctor", "--port", String(port)]);
    blocker.close();
    expect(seen.code).toBe(1);
    expect(seen.out).toMatch(/BAD .*database/);
    expect(seen.out).toContain(`ss -ltnp 'sport = :${port}'`);
    expect(await malamar.run(["doctor", "--port", "x"])).toMatchObject({ code: 78, out: expect.stringContaining("--port") as string });
  });

  test("help has examples and says what wins, version is the product's", async () => {
    const help = await malamar.spawn(["--help"]).ended;
    expect(help).toMatchObject({ code: 0, out: expect.stringContaining("malamar start") as string });
    expect(help.out).toContain("environment variable wins over a flag");
    expect(await malamar.spawn(["version"]).ended).toMatchObject({ code: 0, out: "0.1.0\n" });
    expect((await malamar.spawn(["serve", "--help"]).ended).out).toContain("--data-dir");
    expect((await malamar.spawn(["sevre"]).ended).code).toBe(1);
  });
});

async function until(condition: () => boolean, milliseconds: number, pause = 50): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!condition() && performance.now() < end) await sleep(pause);
}
